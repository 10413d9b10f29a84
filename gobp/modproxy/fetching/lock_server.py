"""Keys among nodes, by locks of a server that all of them reach."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from gobp.modproxy.fetching.pauses import Pauses

_PAUSES = Pauses(0.02, 0.5)
_SECONDS_WITHOUT = 10.0  # before a server that was lost is asked again
_log = logging.getLogger(__name__)


class LockServerLostError(Exception):
    """The server does not answer; the text says why, without secrets."""


class LockServer(Protocol):
    """Has locks by name. What one session or process holds is freed when it dies."""

    name: str

    async def try_lock(self, key: str) -> bool:
        """Take a lock that this process does not hold, if nobody does.

        Raises LockServerLostError.
        """
        ...

    async def unlock(self, key: str) -> None:
        """Free a lock, if it is still held. Raises LockServerLostError."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class ServerFlights:
    """Among nodes (see Flights). Without the server everybody is given the key at once.

    Then the nodes do work twice, but go on working.
    """

    def __init__(self, server: LockServer, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._clock = clock
        self._held: set[str] = set()
        self._without_until = 0.0
        self._lost = False

    @asynccontextmanager
    async def hold(self, key: str, *, unless: Callable[[], bool]) -> AsyncIterator[None]:
        """See Flights.hold."""
        locked: bool | None = False
        for pause in _PAUSES:
            locked = await self._try(key)
            if locked is not False or unless():
                break
            await asyncio.sleep(pause)
        try:
            yield
        finally:
            if locked:
                await self._free(key)

    async def close(self) -> None:
        """See Flights.close."""
        await self._server.close()

    async def _try(self, key: str) -> bool | None:
        """Return whether the lock was got; None where there is no server to ask."""
        if self._clock() < self._without_until:
            return None
        if key in self._held:
            return False
        self._held.add(key)  # before the server is asked: it would not tell one of us from another
        locked = False
        try:
            locked = await self._server.try_lock(key)
        except LockServerLostError as error:
            self._tell_lost(error)
            return None
        finally:
            if not locked:
                self._held.discard(key)
        if self._lost:
            self._lost = False
            _log.warning("%s answers again: nodes share their fetches", self._server.name)
        return locked

    async def _free(self, key: str) -> None:
        try:
            await self._server.unlock(key)
        except LockServerLostError as error:
            self._tell_lost(error)
        finally:
            self._held.discard(key)

    def _tell_lost(self, error: LockServerLostError) -> None:
        self._without_until = self._clock() + _SECONDS_WITHOUT
        if not self._lost:
            self._lost = True
            _log.warning(
                "%s is lost (%s): until it answers, nodes may fetch the same files",
                self._server.name,
                error,
            )
