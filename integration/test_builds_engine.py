"""Workers that die, stop answering, or lose their database: real processes, over both engines."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from gobp.buildservice.builds.build import Build, State
from integration.lab import ROOT
from tests.buildservice.engine.stub_parts import wait_until
from tests.buildservice.engine.stub_worker import Parts, open_parts
from tests.buildservice.state.build_database import PostgresqlServer, postgresql
from tests.buildservice.state.build_requests import request

pytestmark = pytest.mark.builds

LEASE = 3.0
REDELIVERED = 30.0
"""Seconds in which a build of a dead worker is another's."""

StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with postgresql() as running:
        yield running


@pytest.fixture(params=["embedded", "procrastinated"])
def conninfo(request: pytest.FixtureRequest) -> str:
    if request.param == "embedded":
        return ""
    running: PostgresqlServer = request.getfixturevalue("server")
    running.empty()
    return running.conninfo


@pytest.fixture
def parts(tmp_path: Path, conninfo: str) -> Iterator[Parts]:
    """What the test's own process has: it takes builds in, and does none."""
    opened = open_parts(tmp_path, conninfo, LEASE)
    yield opened
    opened.database.close()


@pytest.fixture
def start_worker(tmp_path: Path, conninfo: str) -> Iterator[StartWorker]:
    started: list[subprocess.Popen[bytes]] = []

    def start(seconds: float = 0.1, slots: int = 2) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.buildservice.engine.stub_worker", str(tmp_path)]
        command += [conninfo, str(LEASE), str(slots), str(seconds)]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def journal(root: Path, what: str) -> list[tuple[str, int, int]]:
    """Return build, attempt and worker of all runs that began, published or were told of."""
    file = root / "journal"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(line[1], int(line[2]), int(line[3])) for line in lines if line[0] == what]


def found(parts: Parts, build: Build) -> Build:
    there = parts.builds.get(build.id)
    assert there is not None
    return there


def assert_published_once(parts: Parts, build: Build) -> None:
    """See that what the table says came of a build is what was published of it."""
    manifest = parts.store.published(build.id)
    assert manifest is not None
    assert manifest.artifacts == found(parts, build).artifacts
    assert parts.store.path(manifest.artifacts[0].sha256) is not None


def test_a_build_of_a_killed_worker_is_done_by_another(
    parts: Parts, start_worker: StartWorker, tmp_path: Path
) -> None:
    build = parts.engine.request(request("k")).build
    victim = start_worker(seconds=60)
    wait_until(lambda: journal(tmp_path, "began"))
    other = start_worker(seconds=0.1)
    time.sleep(1.0)
    victim.kill()
    wait_until(lambda: found(parts, build).state is State.SUCCEEDED, REDELIVERED)
    assert [run[1:] for run in journal(tmp_path, "began")] == [(1, victim.pid), (2, other.pid)]
    assert_published_once(parts, build)
    wait_until(lambda: [run[0] for run in journal(tmp_path, "told")] == [build.id])


def test_builds_that_wait_survive_the_death_of_all_processes(
    parts: Parts, start_worker: StartWorker, tmp_path: Path
) -> None:
    victim = start_worker(seconds=60, slots=1)
    builds = [parts.engine.request(request(f"k{number}")).build for number in range(5)]
    wait_until(lambda: journal(tmp_path, "began"))
    victim.kill()
    victim.wait()
    parts.database.close()
    start_worker(seconds=0.05)
    wait_until(
        lambda: all(found(parts, build).state is State.SUCCEEDED for build in builds), REDELIVERED
    )


def test_a_worker_that_froze_neither_ends_nor_publishes_the_build_of_another(
    parts: Parts, start_worker: StartWorker, tmp_path: Path
) -> None:
    build = parts.engine.request(request("k")).build
    zombie = start_worker(seconds=2.0)
    wait_until(lambda: journal(tmp_path, "began"))
    zombie.send_signal(signal.SIGSTOP)
    start_worker(seconds=0.1)
    wait_until(lambda: found(parts, build).state is State.SUCCEEDED, REDELIVERED)
    ended = found(parts, build)
    zombie.send_signal(signal.SIGCONT)
    time.sleep(LEASE)
    assert found(parts, build) == ended
    assert ended.attempt == 2
    assert_published_once(parts, build)
    another = parts.engine.request(request("after")).build
    wait_until(lambda: found(parts, another).state is State.SUCCEEDED, REDELIVERED)


def test_a_build_that_kills_its_workers_ends_as_error(
    parts: Parts, start_worker: StartWorker, tmp_path: Path
) -> None:
    build = parts.engine.request(request("poison")).build
    for attempt in range(1, 6):
        worker = start_worker(seconds=60, slots=1)
        wait_until(partial(_began, tmp_path, attempt), REDELIVERED)
        worker.kill()
    start_worker()
    wait_until(lambda: found(parts, build).state is State.ERROR, REDELIVERED)
    assert len(journal(tmp_path, "began")) == 5
    after = parts.engine.request(request("after")).build
    wait_until(lambda: found(parts, after).state is State.SUCCEEDED, REDELIVERED)


def test_a_worker_that_is_told_to_stop_gives_its_builds_back(
    parts: Parts, start_worker: StartWorker, tmp_path: Path
) -> None:
    build = parts.engine.request(request("k")).build
    worker = start_worker(seconds=60)
    wait_until(lambda: journal(tmp_path, "began"))
    worker.terminate()
    assert worker.wait(15) == 0
    assert found(parts, build).state is State.QUEUED
    start_worker(seconds=0.1)
    wait_until(lambda: found(parts, build).state is State.SUCCEEDED)
    assert found(parts, build).attempt == 1


def test_a_build_that_another_process_cancels_ends(
    parts: Parts, start_worker: StartWorker, tmp_path: Path
) -> None:
    build = parts.engine.request(request("k")).build
    start_worker(seconds=60)
    wait_until(lambda: journal(tmp_path, "began"))
    parts.builds.cancel(build.id)
    wait_until(lambda: found(parts, build).state is State.CANCELLED, 10)
    assert parts.store.published(build.id) is None


@pytest.mark.parametrize("conninfo", ["procrastinated"], indirect=True)
@pytest.mark.parametrize("away", [0.0, 2 * LEASE])
def test_builds_survive_a_restart_of_postgresql(
    parts: Parts,
    start_worker: StartWorker,
    server: PostgresqlServer,
    tmp_path: Path,
    away: float,
) -> None:
    worker = start_worker(seconds=2.0, slots=1)
    running, waiting = (parts.engine.request(request(key)).build for key in ("runs", "waits"))
    wait_until(lambda: journal(tmp_path, "began"))
    server.stop()
    time.sleep(away)
    server.start()
    for build in (running, waiting):
        wait_until(partial(_succeeded, parts, build), REDELIVERED)
        assert_published_once(parts, build)
    after = parts.engine.request(request("after")).build
    wait_until(lambda: found(parts, after).state is State.SUCCEEDED, REDELIVERED)
    assert worker.poll() is None


@pytest.mark.slow
def test_killed_workers_lose_nothing_and_publish_nothing_twice(
    parts: Parts, start_worker: StartWorker, tmp_path: Path
) -> None:
    keys = [f"k{number}{'-fail' if number % 10 == 0 else ''}" for number in range(300)]
    builds = [parts.engine.request(request(key, who=key[-1])).build for key in keys]
    workers = [start_worker(seconds=0.2) for _ in range(3)]
    for number in range(6):
        victim = workers[number % 3].pid
        wait_until(partial(_is_building, tmp_path, victim), REDELIVERED)
        os.kill(victim, signal.SIGKILL)
        workers[number % 3] = start_worker(seconds=0.2)
    wait_until(lambda: not _unfinished(parts), 90)
    counts = Counter(found(parts, build).state for build in builds)
    assert counts == {State.SUCCEEDED: 270, State.FAILED: 30}
    for build in builds:
        if found(parts, build).state is State.SUCCEEDED:
            assert_published_once(parts, build)
    wait_until(lambda: not parts.builds.unsettled(0.0))
    assert {run[0] for run in journal(tmp_path, "told")} == {build.id for build in builds}
    assert len(journal(tmp_path, "began")) > len(builds), "no kill hit a build"


def _is_building(root: Path, worker: int) -> bool:
    """Say whether a worker has begun a build that it has not published."""
    began, published = (
        {run[:2] for run in journal(root, what) if run[2] == worker}
        for what in ("began", "published")
    )
    return bool(began - published)


def _began(root: Path, times: int) -> bool:
    return len(journal(root, "began")) == times


def _succeeded(parts: Parts, build: Build) -> bool:
    return found(parts, build).state is State.SUCCEEDED


def _unfinished(parts: Parts) -> int:
    counts = parts.builds.counts()
    return counts[State.QUEUED] + counts[State.RUNNING]
