"""What every implementation of Flights owes, and what each does when its server is lost."""

import asyncio
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gobp.errors import UserError
from gobp.modproxy.fetching.flights import (
    FileFlights,
    Flights,
    NestedFlights,
    check_cluster,
    open_flights,
)
from gobp.modproxy.fetching.lock_server import ServerFlights
from gobp.modproxy.fetching.postgresql_locks import PostgresqlLocks
from gobp.modproxy.fetching.redis_locks import RedisLocks
from gobp.modproxy.settings.schema import Cluster, Settings
from tests.modproxy.fetching.lock_servers import free_port, redis_server
from tests.modproxy.index.postgresql_server import postgresql_server

pytestmark = pytest.mark.slow

KEY = "example.com/m/@v/v1.0.0.zip"
Make = Callable[[], Flights]
Scenario = Callable[[Flights, Flights], Awaitable[None]]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with postgresql_server() as conninfo:
        yield conninfo


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["files", "postgresql", "redis", "nested"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes flights of one kind; two of them are two processes or nodes."""
    match request.param:
        case "files":
            return lambda: FileFlights(tmp_path)
        case "postgresql":
            conninfo: str = request.getfixturevalue("postgresql")
            return lambda: ServerFlights(PostgresqlLocks(conninfo))
        case _:
            url: str = request.getfixturevalue("redis")
            if request.param == "redis":
                return lambda: ServerFlights(RedisLocks(url))
            folders = (tmp_path / name for name in "abcdef")

            def nested() -> Flights:
                folder = next(folders)
                folder.mkdir()
                return NestedFlights(FileFlights(folder), ServerFlights(RedisLocks(url)))

            return nested


def with_two(make: Make, scenario: Scenario) -> None:
    async def run() -> None:
        one, other = make(), make()
        try:
            await scenario(one, other)
        finally:
            await one.close()
            await other.close()

    asyncio.run(run())


async def hold(flights: Flights, key: str, seconds: float, held: list[str]) -> None:
    async with flights.hold(key, unless=lambda: False):
        held.append("begin")
        await asyncio.sleep(seconds)
        held.append("end")


def test_a_key_has_one_holder_at_a_time(make: Make) -> None:
    async def scenario(one: Flights, other: Flights) -> None:
        held: list[str] = []
        await asyncio.gather(*(hold(each, KEY, 0.05, held) for each in (one, other, one, other)))
        assert held == ["begin", "end"] * 4

    with_two(make, scenario)


def test_another_key_need_not_wait(make: Make) -> None:
    async def scenario(one: Flights, other: Flights) -> None:
        async with one.hold(KEY, unless=lambda: False):
            await asyncio.wait_for(hold(other, "another", 0, []), 5)
            await asyncio.wait_for(hold(one, "a third", 0, []), 5)

    with_two(make, scenario)


def test_the_wait_ends_when_the_work_is_done(make: Make) -> None:
    async def scenario(one: Flights, other: Flights) -> None:
        done = asyncio.Event()

        async def wait() -> None:
            async with other.hold(KEY, unless=done.is_set):
                pass

        async with one.hold(KEY, unless=lambda: False):
            waiting = asyncio.ensure_future(wait())
            await asyncio.sleep(0.1)
            assert not waiting.done()
            done.set()
            await asyncio.wait_for(waiting, 5)
            late = asyncio.ensure_future(hold(other, KEY, 0, []))
            await asyncio.sleep(0.1)
            assert not late.done()  # who did not get the key did not free it either
        await asyncio.wait_for(late, 5)

    with_two(make, scenario)


def test_a_holder_that_fails_frees_the_key(make: Make) -> None:
    async def scenario(one: Flights, other: Flights) -> None:
        with pytest.raises(ZeroDivisionError):
            async with one.hold(KEY, unless=lambda: False):
                raise ZeroDivisionError
        await asyncio.wait_for(hold(other, KEY, 0, []), 5)

    with_two(make, scenario)


def test_who_stops_waiting_does_not_get_the_key(make: Make) -> None:
    async def scenario(one: Flights, other: Flights) -> None:
        async with one.hold(KEY, unless=lambda: False):
            waiting = asyncio.ensure_future(hold(other, KEY, 60, []))
            await asyncio.sleep(0.1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(hold(one, KEY, 0, []), 5)

    with_two(make, scenario)


def test_a_process_that_is_killed_loses_the_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()

    def die_holding() -> None:
        async def run() -> None:
            async with FileFlights(tmp_path).hold(KEY, unless=lambda: False):
                ready.set()
                await asyncio.sleep(60)

        asyncio.run(run())

    holder = context.Process(target=die_holding)
    holder.start()
    assert ready.wait(10)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    asyncio.run(asyncio.wait_for(hold(FileFlights(tmp_path), KEY, 0, []), 5))


def test_a_session_of_postgresql_that_ends_frees_its_keys(postgresql: str) -> None:
    async def scenario(one: Flights, other: Flights) -> None:
        async with one.hold(KEY, unless=lambda: False):
            with psycopg.connect(postgresql, autocommit=True) as admin:
                admin.execute(
                    """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name = 'gobp' AND pid <> pg_backend_pid()"""
                )
            await asyncio.wait_for(hold(other, KEY, 0, []), 5)

    with_two(lambda: ServerFlights(PostgresqlLocks(postgresql)), scenario)


def test_a_lock_of_redis_lives_as_long_as_its_holder_renews_it(redis: str) -> None:
    async def scenario(one: Flights, other: Flights) -> None:
        held: list[str] = []
        holding = asyncio.ensure_future(hold(one, KEY, 1.5, held))
        await asyncio.sleep(0.1)
        await hold(other, KEY, 0, held)
        await holding
        assert held == ["begin", "end"] * 2

    with_two(lambda: ServerFlights(RedisLocks(redis, seconds_to_live=0.4)), scenario)


def test_a_holder_of_redis_that_dies_loses_the_key_after_a_while(redis: str) -> None:
    async def scenario() -> None:
        dead = RedisLocks(redis, seconds_to_live=0.5)
        assert await dead.try_lock(KEY)
        await dead.close()  # it renews nothing any more
        alive = RedisLocks(redis)
        assert not await alive.try_lock(KEY)
        await asyncio.sleep(0.7)
        assert await alive.try_lock(KEY)
        await dead.unlock(KEY)  # too late: it is another's now
        assert not await dead.try_lock(KEY)
        await alive.unlock(KEY)
        await alive.close()
        await dead.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_without_the_server_everybody_goes_on_and_it_is_logged_once(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    server = (
        PostgresqlLocks(f"postgresql://ann:hunter2@127.0.0.1:{port}/x")
        if kind == "postgresql"
        else RedisLocks(f"redis://:hunter2@127.0.0.1:{port}/0")
    )

    async def scenario() -> None:
        flights = ServerFlights(server)
        began = time.monotonic()
        for _ in range(20):
            await hold(flights, KEY, 0, [])
        assert time.monotonic() - began < 5
        await flights.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    assert len(caplog.records) == 1
    assert "is lost" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_server_that_is_back_is_used_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port, now = free_port(), [0.0]

    async def scenario() -> None:
        url = f"redis://127.0.0.1:{port}/0"
        one, other = (ServerFlights(RedisLocks(url), clock=lambda: now[0]) for _ in range(2))
        await hold(one, KEY, 0, [])
        now[0] += 11
        with redis_server(tmp_path, port):
            async with one.hold(KEY, unless=lambda: False):
                waiting = asyncio.ensure_future(hold(other, KEY, 0, []))
                await asyncio.sleep(0.1)
                assert not waiting.done()
            await asyncio.wait_for(waiting, 5)
            await one.close()
            await other.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    assert [record.message.split(" (")[0] for record in caplog.records] == [
        "Redis is lost",
        "Redis answers again: nodes share their fetches",
    ]


def test_the_settings_say_whose_locks_are_used(tmp_path: Path, redis: str) -> None:
    async def kinds() -> list[type]:
        opened = [
            open_flights(Settings(cluster=cluster), tmp_path)
            for cluster in (Cluster(), Cluster(redis=redis), Cluster(postgresql="host=/nowhere"))
        ]
        for flights in opened:
            await flights.close()
        return [type(flights) for flights in opened]

    assert asyncio.run(kinds()) == [FileFlights, NestedFlights, NestedFlights]


def test_what_is_no_url_of_redis_is_refused_at_the_start() -> None:
    check_cluster(Settings(cluster=Cluster(redis="rediss://cache.example:6379")))
    with pytest.raises(UserError, match=r"cluster\.redis"):
        check_cluster(Settings(cluster=Cluster(redis="cache.example:6379")))
