"""Fetches that outlive who asked: each key once, only so many at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from gobp.modproxy.sources.source import UnavailableError

_T = TypeVar("_T")
_RETRY_AFTER = 5  # seconds


class Jobs(Generic[_T]):
    """Runs one job a key; whoever asks meanwhile is given the same job.

    ``running`` of them work at the same time, ``waiting`` more may wait for their turn.
    """

    def __init__(self, *, running: int, waiting: int) -> None:
        self._turns = asyncio.Semaphore(running)
        self._most = running + waiting
        self._jobs: dict[str, asyncio.Task[_T]] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def start(self, key: str, work: Callable[[], Awaitable[_T]]) -> "asyncio.Task[_T]":
        """Return the job of a key, a new one if there is none. Raises UnavailableError if full.

        The task is shared: wait for it by ``wait``, which leaves it running.
        """
        job = self._jobs.get(key)
        if job is not None:
            return job
        if len(self._jobs) >= self._most:
            raise UnavailableError(
                "too many modules are being fetched already; ask again soon",
                status=503,
                retry_after=_RETRY_AFTER,
            )
        job = asyncio.ensure_future(self._in_turn(work))
        self._jobs[key] = job
        job.add_done_callback(lambda done: self._end(key, done))
        return job

    async def drain(self, seconds: float) -> None:
        """Let the jobs end, for so long; then stop those that are left."""
        jobs = list(self._jobs.values())
        if not jobs:
            return
        _, late = await asyncio.wait(jobs, timeout=seconds)
        for job in late:
            job.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _in_turn(self, work: Callable[[], Awaitable[_T]]) -> _T:
        async with self._turns:
            return await work()

    def _end(self, key: str, job: "asyncio.Task[_T]") -> None:
        del self._jobs[key]
        if not job.cancelled():
            job.exception()  # it was seen: nobody may have waited


async def wait(job: "asyncio.Task[_T]", seconds: float) -> _T:
    """Return the outcome of a job without ending it when this wait ends or is cancelled.

    Raises SourceError: the job's own, or UnavailableError when it takes longer.
    """
    done, _ = await asyncio.wait({job}, timeout=seconds)
    if not done:
        raise UnavailableError(
            "it is still being fetched; ask again soon", status=503, retry_after=_RETRY_AFTER
        )
    if job.cancelled():
        raise UnavailableError("the server is stopping", status=503, retry_after=_RETRY_AFTER)
    return job.result()
