"""Remember what refs stood for: a moment for those that move, longer for the others."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.resolving.resolver import NotResolvedError, Resolver

_PINNED_SECONDS = 3600.0
_MISSING_SECONDS = 5.0  # a version that is asked for too early may be there soon
_STRIPES = 64
_MISSING = 404
Answer = tuple[Order, Pin] | NotResolvedError


@dataclass(frozen=True, slots=True)
class _Known:
    answer: Answer
    until: float


class Remembered:
    """A Resolver over another: the same order at the same moment is resolved once.

    What moving refs stand for is believed for ``moving`` seconds; ``most`` orders are remembered.
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
        self._known: OrderedDict[Order, _Known] = OrderedDict()
        self._lock = threading.Lock()
        self._asking = tuple(threading.Lock() for _ in range(_STRIPES))

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        """See Resolver.resolve."""
        answer = self._look_up(order)
        if answer is None:
            with self._asking[hash(order) % _STRIPES]:
                answer = self._look_up(order)
                if answer is None:
                    answer = self._ask(order)
        if isinstance(answer, NotResolvedError):
            raise NotResolvedError(answer.status, answer.text)
        return answer

    def _look_up(self, order: Order) -> Answer | None:
        with self._lock:
            known = self._known.get(order)
            return known.answer if known is not None and self._clock() < known.until else None

    def _ask(self, order: Order) -> Answer:
        answer: Answer
        try:
            answer = self._inner.resolve(order)
            seconds = self._moving if answer[1].moving else _PINNED_SECONDS
        except NotResolvedError as error:
            if error.status != _MISSING:
                raise
            answer, seconds = error, min(_MISSING_SECONDS, self._moving)
        self._keep(order, _Known(answer, self._clock() + seconds))
        return answer

    def _keep(self, order: Order, known: _Known) -> None:
        with self._lock:
            self._known[order] = known
            self._known.move_to_end(order)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
