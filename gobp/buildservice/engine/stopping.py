"""Why a build is to end before its time."""

import threading
from enum import Enum, auto


class Why(Enum):
    """The reasons."""

    CANCELLED = auto()  # somebody asked for it
    TIMED_OUT = auto()
    DRAINED = auto()  # the worker stops
    LOST = auto()  # the build is another worker's by now


class Stop:
    """Tells a runner to stop (see Stopping); the first reason counts."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self.why: Why | None = None

    def ask(self, why: Why) -> None:
        """Ask it to stop."""
        with self._lock:
            self.why = self.why or why
        self._event.set()

    def is_set(self) -> bool:
        """See Stopping.is_set."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """See Stopping.wait."""
        return self._event.wait(timeout)
