"""What is done again and again beside requests and builds, in one thread."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Round:
    """Something to do every so many ``seconds``; what it returns is of no interest."""

    name: str
    seconds: float
    run: Callable[[], object]


class Rounds:
    """Does each round in its time; one that fails is said, and done again in its next time."""

    def __init__(
        self, rounds: Sequence[Round], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rounds = rounds
        self._clock = clock
        self._due = {each.name: clock() + each.seconds for each in rounds}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="gobp-rounds", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End after the round that is being done, or after so many seconds."""
        self._stopping.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        while not self._stopping.wait(self._pause()):
            for each in self._rounds:
                if self._due[each.name] <= self._clock() and not self._stopping.is_set():
                    self._do(each)

    def _pause(self) -> float:
        soonest = min(self._due.values(), default=self._clock() + _LONGEST_PAUSE)
        return min(max(soonest - self._clock(), 0.0), _LONGEST_PAUSE)

    def _do(self, each: Round) -> None:
        try:
            each.run()
        except Exception:  # noqa: BLE001 # the service goes on; what is wrong with it is in its log
            _LOG.exception("%s failed", each.name)
        self._due[each.name] = self._clock() + each.seconds
