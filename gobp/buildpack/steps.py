"""How a step of a build shows in the log: what runs, how long it took, whether it worked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gobp.log import BuildLog


@contextmanager
def timed(log: BuildLog) -> Iterator[None]:
    """Log how long the block took, and whether it completed or failed."""
    start = time.monotonic()
    try:
        yield
    except BaseException:
        log.action(f"Failed after {_seconds(start)}")
        raise
    log.action(f"Completed in {_seconds(start)}")


def _seconds(start: float) -> str:
    elapsed = time.monotonic() - start
    return f"{elapsed * 1000:.0f}ms" if elapsed < 1 else f"{elapsed:.1f}s"
