"""Signals that ask a program to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STOPPED = 128  # plus the signal's number: the exit status that shells give


@contextmanager
def stoppable() -> Iterator[None]:
    """Have SIGTERM and SIGINT end the block as SystemExit, so that all it opened is closed.

    Only a program's main thread may use it.
    """

    def stop(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:  # a second signal must not end the closing
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(_STOPPED + number)

    before = {each: signal.signal(each, stop) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
