"""Locks of PostgreSQL: advisory locks of one session, freed when its connection ends.

See https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS. The connection
must be to the server itself, or through a pool that gives each client its own session.
"""

import asyncio
import hashlib
from typing import Any

import psycopg

from gobp.modproxy.fetching.lock_server import LockServerLostError

_SECONDS = 5  # for a connection, and for an answer
_Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class PostgresqlLocks:
    """Locks in the database that a connection string names (see LockServer)."""

    name = "PostgreSQL"

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: _Connection | None = None
        self._turn = asyncio.Lock()

    async def try_lock(self, key: str) -> bool:
        """See LockServer.try_lock."""
        return await self._ask("SELECT pg_try_advisory_lock(%s)", key)

    async def unlock(self, key: str) -> None:
        """See LockServer.unlock."""
        await self._ask("SELECT pg_advisory_unlock(%s)", key)

    async def close(self) -> None:
        """See LockServer.close."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _ask(self, question: str, key: str) -> bool:
        """Return the answer, asked by a new connection where the old one is lost."""
        async with self._turn:
            try:
                return await self._answer(question, key)
            except (psycopg.Error, OSError, TimeoutError) as error:
                await self.close()
                raise LockServerLostError(type(error).__name__) from None

    async def _answer(self, question: str, key: str) -> bool:
        async with asyncio.timeout(2 * _SECONDS):
            if self._connection is None:
                self._connection = await self._connect()
            cursor = await self._connection.execute(question, (_number(key),))
            row = await cursor.fetchone()
        return row is not None and bool(row[0])

    async def _connect(self) -> _Connection:
        return await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            connect_timeout=_SECONDS,
            application_name="gobp",
            keepalives_idle=30,
        )


def _number(key: str) -> int:
    """Return the 64-bit number that stands for a key in PostgreSQL."""
    return int.from_bytes(hashlib.sha256(f"gobp:{key}".encode()).digest()[:8], signed=True)
