"""Who fetches a file, where several processes or nodes might: one of them.

Only work is saved by it. That nothing wrong is published rests on the tree, which takes a file
once, and on the checks before.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from gobp.errors import UserError
from gobp.modproxy.fetching.lock_server import LockServer, ServerFlights
from gobp.modproxy.fetching.pauses import Pauses
from gobp.modproxy.settings.schema import Settings

_PAUSES = Pauses(0.01, 0.25)


class Flights(Protocol):
    """Gives each key to one holder at a time."""

    def hold(self, key: str, *, unless: Callable[[], bool]) -> AbstractAsyncContextManager[None]:
        """Wait for the key, and hold it; a holder that dies loses it.

        The wait ends without the key when ``unless`` says that the work is done.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class FileFlights:
    """Among the processes of one machine, by locks on files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, key: str, *, unless: Callable[[], bool]) -> AsyncIterator[None]:
        """See Flights.hold. The kernel frees the lock of a process that ends."""
        path = self._folder / hashlib.sha256(key.encode()).hexdigest()[:3]
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            for pause in _PAUSES:
                if _locked(handle) or unless():
                    break
                await asyncio.sleep(pause)
            yield
        finally:
            os.close(handle)

    async def close(self) -> None:
        """See Flights.close."""


class NestedFlights:
    """Among the processes of this machine first; who has the key of them, among the nodes."""

    def __init__(self, near: Flights, far: Flights) -> None:
        self._near = near
        self._far = far

    @asynccontextmanager
    async def hold(self, key: str, *, unless: Callable[[], bool]) -> AsyncIterator[None]:
        """See Flights.hold."""
        async with self._near.hold(key, unless=unless):
            if unless():
                yield
                return
            async with self._far.hold(key, unless=unless):
                yield

    async def close(self) -> None:
        """See Flights.close."""
        await self._near.close()
        await self._far.close()


def open_flights(settings: Settings, folder: Path) -> Flights:
    """Return the locks of this machine in a folder, with those of the cluster if there is one.

    Connections are made when they are first needed.
    """
    near = FileFlights(folder)
    server = _lock_server(settings)
    return near if server is None else NestedFlights(near, ServerFlights(server))


def check_cluster(settings: Settings) -> None:
    """Raise UserError for a lock server that cannot be right; none is asked."""
    scheme = settings.cluster.redis.partition("://")[0]
    if scheme not in {"", "redis", "rediss", "unix"}:
        raise UserError(
            "cluster.redis is no URL of a Redis server",
            remedy="write redis://host:6379/0, rediss:// for TLS, or unix:///path.",
        )


def _lock_server(settings: Settings) -> LockServer | None:
    cluster = settings.cluster
    if cluster.redis:
        from gobp.modproxy.fetching.redis_locks import (  # noqa: PLC0415 # memory, where not used
            RedisLocks,
        )

        return RedisLocks(cluster.redis)
    if cluster.postgresql:
        from gobp.modproxy.fetching.postgresql_locks import (  # noqa: PLC0415 # as above
            PostgresqlLocks,
        )

        return PostgresqlLocks(cluster.postgresql)
    return None


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
