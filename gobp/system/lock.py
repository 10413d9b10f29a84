"""One at a time, between processes of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that is this file; wait until whoever holds it lets go, or ends."""
    import fcntl  # noqa: PLC0415 # few builds lock anything

    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file lets go
