"""Remember what refs stood for: a moment for those that move, longer for the others.

A tag of a repository should not move, yet its owner can move it: it is looked at again like a
branch, but believed for as long as its server cannot be asked.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import msgspec

from gobp.buildservice.builds.order import Order, Pin, Source
from gobp.buildservice.resolving.resolver import NotResolvedError, Resolver

_PINNED_SECONDS = 3600.0
_MISSING_SECONDS = 5.0  # a version that is asked for too early may be there soon
_MISSING, _TROUBLE = 404, 500


@dataclass(frozen=True, slots=True)
class _Question:
    """What decides what an order stands for: not its target."""

    source: Source
    ref: str
    package: str
    go: str


@dataclass(frozen=True, slots=True)
class _Settled:
    """What was answered, for all orders of a question."""

    source: Source
    package: str
    go: str
    pin: Pin


_Answer = _Settled | NotResolvedError


@dataclass(frozen=True, slots=True)
class _Known:
    answer: _Answer
    until: float


class Remembered:
    """A Resolver over another: who asks the same at the same moment, asks once.

    What refs that can move stand for is believed for ``moving`` seconds; ``most`` answers are
    remembered.
    """

    def __init__(
        self,
        inner: Resolver,
        moving: float,
        *,
        most: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._most = most
        self._moving = moving
        self._clock = clock
        self._known: OrderedDict[_Question, _Known] = OrderedDict()
        self._asking: dict[_Question, Future[_Answer]] = {}
        self._lock = threading.Lock()

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        """See Resolver.resolve."""
        answer = self._answer(order)
        if isinstance(answer, NotResolvedError):
            raise NotResolvedError(answer.status, answer.text)
        settled = msgspec.structs.replace(
            order, source=answer.source, package=answer.package, go=answer.go
        )
        return settled, answer.pin

    def _answer(self, order: Order) -> _Answer:
        question = _Question(order.source, order.ref, order.package, order.go)
        mine: Future[_Answer] = Future()
        with self._lock:
            known = self._known.get(question)
            if known is not None and self._clock() < known.until:
                return known.answer
            asked = self._asking.setdefault(question, mine)
        if asked is not mine:
            return asked.result()
        try:
            answer = self._instead(self._ask(order), known)
            self._keep(question, answer)
            mine.set_result(answer)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._asking[question]
        return answer

    def _ask(self, order: Order) -> _Answer:
        try:
            settled, pin = self._inner.resolve(order)
        except NotResolvedError as error:
            return error
        return _Settled(settled.source, settled.package, settled.go, pin)

    def _instead(self, answer: _Answer, known: _Known | None) -> _Answer:
        """Return what was known of a pinned ref where there is only trouble now."""
        if isinstance(answer, _Settled) or answer.status < _TROUBLE or known is None:
            return answer
        settled = known.answer
        return settled if isinstance(settled, _Settled) and not settled.pin.moving else answer

    def _keep(self, question: _Question, answer: _Answer) -> None:
        """Remember an answer, unless it is only trouble."""
        if isinstance(answer, _Settled):
            seconds = _PINNED_SECONDS if _stays(question, answer.pin) else self._moving
        elif answer.status == _MISSING:
            seconds = min(_MISSING_SECONDS, self._moving)
        else:
            return
        with self._lock:
            self._known[question] = _Known(answer, self._clock() + seconds)
            self._known.move_to_end(question)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def _stays(question: _Question, pin: Pin) -> bool:
    """Say whether nobody can let a ref stand for anything else: a module's version, a commit."""
    return not pin.moving and (bool(pin.h1) or question.ref == pin.commit)
