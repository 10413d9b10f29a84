import asyncio

import pytest

from gobp.modproxy.fetching.jobs import Jobs, wait
from gobp.modproxy.sources.source import NotFoundError, UnavailableError


def test_who_asks_for_the_same_key_is_given_the_same_job() -> None:
    runs = 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0)
        return runs

    async def scenario() -> None:
        jobs: Jobs[int] = Jobs(running=4, waiting=4)
        outcomes = [wait(jobs.start("key", work), 1) for _ in range(16)]
        assert await asyncio.gather(*outcomes) == [1] * 16
        assert len(jobs) == 0
        assert await wait(jobs.start("key", work), 1) == 2

    asyncio.run(scenario())


def test_only_so_many_run_at_once_and_only_so_many_wait() -> None:
    running = most = 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    async def scenario() -> None:
        jobs: Jobs[None] = Jobs(running=2, waiting=3)
        started = [jobs.start(str(number), work) for number in range(5)]
        with pytest.raises(UnavailableError) as full:
            jobs.start("one too many", work)
        assert (full.value.status, full.value.retry_after) == (503, 5)
        await asyncio.gather(*started)
        assert most == 2

    asyncio.run(scenario())


def test_a_job_goes_on_when_those_who_wait_leave() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def work() -> str:
            await asyncio.sleep(0.02)
            ended.set()
            return "done"

        jobs: Jobs[str] = Jobs(running=1, waiting=1)
        client = asyncio.ensure_future(wait(jobs.start("key", work), 5))
        await asyncio.sleep(0)
        client.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client
        await asyncio.wait_for(ended.wait(), 1)

    asyncio.run(scenario())


def test_who_waits_too_long_is_told_to_ask_again() -> None:
    async def scenario() -> None:
        jobs: Jobs[None] = Jobs(running=1, waiting=1)
        with pytest.raises(UnavailableError) as late:
            await wait(jobs.start("key", lambda: asyncio.sleep(5)), 0.01)
        assert (late.value.status, late.value.retry_after) == (503, 5)
        await jobs.drain(0)
        assert len(jobs) == 0

    asyncio.run(scenario())


def test_a_failure_is_that_of_all_who_wait_and_is_not_kept() -> None:
    async def work() -> None:
        raise NotFoundError("there is none")

    async def scenario() -> None:
        jobs: Jobs[None] = Jobs(running=1, waiting=1)
        outcomes = await asyncio.gather(
            *(wait(jobs.start("key", work), 1) for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(outcome, NotFoundError) for outcome in outcomes)
        assert len(jobs) == 0

    asyncio.run(scenario())


def test_draining_ends_late_jobs_and_tells_who_waits() -> None:
    async def scenario() -> None:
        jobs: Jobs[str] = Jobs(running=2, waiting=2)

        async def soon() -> str:
            await asyncio.sleep(0.01)
            return "in time"

        async def late() -> str:
            await asyncio.sleep(60)
            return "never"

        in_time = asyncio.ensure_future(wait(jobs.start("soon", soon), 60))
        too_late = asyncio.ensure_future(wait(jobs.start("late", late), 60))
        await asyncio.sleep(0)
        await jobs.drain(0.1)
        assert await in_time == "in time"
        with pytest.raises(UnavailableError, match="the server is stopping"):
            await too_late

    asyncio.run(scenario())
