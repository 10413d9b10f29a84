"""Look at a command from outside, and end it when it must end."""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from gobp.buildservice.sandbox.sandbox import Ended

Check = Callable[[], Ended | None]
_TICK = 0.1  # seconds
_GRACE = 10.0  # between SIGTERM and SIGKILL, as Sandbox.run promises


class Watch:
    """Looks at a command in a thread until it is over, and ends it when it must end.

    ``terminate`` asks its processes to end, ``kill`` ends all of them at once.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        terminate: Callable[[], None],
        kill: Callable[[], None],
    ) -> None:
        self.ended: Ended | None = None
        self._checks = checks
        self._terminate = terminate
        self._kill = kill
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._look, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def end(self, why: Ended) -> None:
        """End the command; the first reason is the one that counts."""
        with self._lock:
            if self.ended is not None:
                return
            self.ended = why
        if why is Ended.STOPPED:
            self._terminate()
            self._over.wait(_GRACE)
        self._kill()

    def _look(self) -> None:
        try:
            while not self._over.wait(_TICK):
                for check in self._checks:
                    why = check()
                    if why is not None:
                        self.end(why)
                        return
        except BaseException as error:  # noqa: BLE001 # raised by who waits
            self._error = error
            self._kill()  # nothing may go on that nobody looks at


def deadline(seconds: float) -> Check:
    """Return a check of the time from now on."""
    end = time.monotonic() + seconds
    return lambda: Ended.OUT_OF_TIME if time.monotonic() > end else None


def stopped(stop: threading.Event) -> Check:
    """Return a check of whether somebody asked for the end."""
    return lambda: Ended.STOPPED if stop.is_set() else None
