"""Locks of Redis or Valkey: keys with a time to live, renewed by their holder.

See https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ (one instance).
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gobp.modproxy.fetching.lock_server import LockServerLostError

_SECONDS_TO_LIVE = 30.0
_SECONDS_TO_ANSWER = 5.0
_RENEW = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
"""
_FREE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
"""


class RedisLocks:
    """Locks at a Redis URL (see LockServer); a holder that dies loses them after a while."""

    name = "Redis"

    def __init__(self, url: str, seconds_to_live: float = _SECONDS_TO_LIVE) -> None:
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=_SECONDS_TO_ANSWER,
            socket_timeout=_SECONDS_TO_ANSWER,
        )
        self._token = secrets.token_hex(16)
        self._milliseconds = int(seconds_to_live * 1000)
        self._held: set[str] = set()
        self._renewing: asyncio.Task[None] | None = None

    async def try_lock(self, key: str) -> bool:
        """See LockServer.try_lock."""
        name = _name(key)
        taken = await _answer(self._redis.set(name, self._token, nx=True, px=self._milliseconds))
        if taken:
            self._held.add(name)
            if self._renewing is None or self._renewing.done():
                self._renewing = asyncio.ensure_future(self._renew())
        return bool(taken)

    async def unlock(self, key: str) -> None:
        """See LockServer.unlock."""
        name = _name(key)
        self._held.discard(name)
        await self._run(_FREE, name, self._token)

    async def close(self) -> None:
        """See LockServer.close."""
        if self._renewing is not None:
            self._renewing.cancel()
        await self._redis.aclose()

    async def _renew(self) -> None:
        """Let the locks that are held live on, while there are any."""
        while self._held:
            await asyncio.sleep(self._milliseconds / 3000)
            for name in sorted(self._held):
                with contextlib.suppress(LockServerLostError):  # the next time, or it is lost
                    await self._run(_RENEW, name, self._token, str(self._milliseconds))

    async def _run(self, script: str, name: str, *arguments: str) -> None:
        await _answer(self._redis.eval(script, 1, name, *arguments))


async def _answer(asked: Awaitable[Any]) -> Any:  # noqa: ANN401 # of any Redis command
    try:
        return await asked
    except (RedisError, OSError, TimeoutError) as error:
        raise LockServerLostError(type(error).__name__) from None


def _name(key: str) -> str:
    return f"gobp:flight:{key}"
