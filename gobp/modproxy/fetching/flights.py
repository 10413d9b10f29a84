"""Who fetches a file, where several processes or nodes might: one of them.

Only work is saved by it. That nothing wrong is published rests on the tree, which takes a file
once, and on the checks before.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.25


class Flights(Protocol):
    """Gives each key to one holder at a time."""

    def hold(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait for the key, and hold it; a holder that dies loses it."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class FileFlights:
    """Among the processes of one machine, by locks on files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """See Flights.hold. The kernel frees the lock of a process that ends."""
        path = self._folder / hashlib.sha256(key.encode()).hexdigest()[:3]
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            await _locked(handle)
            yield
        finally:
            os.close(handle)

    async def close(self) -> None:
        """See Flights.close."""


async def _locked(handle: int) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            return
