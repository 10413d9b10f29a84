"""Loads the queue of builds: 10,000 of them, three workers, of which one dies every few seconds.

Builds sleep; the table, the engine, logs and storage are the real ones. It is seen that each build
ends as its recipe says, that none is lost and that none is published twice. Before it, the time
from a request to the start of its build is measured on an idle queue.
"""

import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.report import Absent, Value, record, table
from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.state.builds import Filter
from integration.lab import ROOT
from tests.buildservice.engine.stub_worker import Parts, open_parts
from tests.buildservice.state.build_database import postgresql
from tests.buildservice.state.build_requests import request

ROUNDS = 1
_BUILDS = 10_000
_FAILING = 10  # one in so many
_WORKERS = 3
_SLOTS = 4
_SECONDS = 0.02  # that a build sleeps
_LEASE = 5.0
_KILL_SECONDS = (1.0, 4.0)  # between two kills
_SINGLE = 100  # builds whose start is measured
_CLIENTS = 8
_MOST_SECONDS = 1800


def run(rounds: int) -> None:
    """Load both engines ``rounds`` times. Raises Absent."""
    rows = []
    for _ in range(rounds):
        rows.append(_loaded("embedded", ""))
        with _postgresql() as conninfo:
            rows.append(_loaded("procrastinated", conninfo))
    table(rows)


@contextmanager
def _postgresql() -> Iterator[str]:
    if not Path("/usr/lib/postgresql").is_dir():
        raise Absent("PostgreSQL (Debian package postgresql) is not installed")
    with postgresql() as server:
        yield server.conninfo


def _loaded(engine: str, conninfo: str) -> dict[str, Value]:
    root = Path(tempfile.mkdtemp(prefix="gobp-queue-", dir="/var/tmp"))
    parts = open_parts(root, conninfo, _LEASE)
    workers = _Workers(root, conninfo)
    try:
        latencies = _latencies(parts)
        began = time.perf_counter()
        ids = _asked(parts)
        asked = time.perf_counter() - began
        kills = workers.kill_until_done(parts)
        seconds = time.perf_counter() - began - asked
        row: dict[str, Value] = {
            "engine": engine,
            "start p50 ms": statistics.median(latencies) * 1000,
            "start p99 ms": statistics.quantiles(latencies, n=100)[98] * 1000,
            "requests/s": (2 * _BUILDS - _BUILDS // _FAILING) / asked,
            "builds/s": _BUILDS / seconds,
            "seconds": seconds,
            "kills": kills,
            **_checked(parts, ids),
        }
    finally:
        workers.end()
        parts.database.close()
        shutil.rmtree(root)
    record(**row)
    return row


def _latencies(parts: Parts) -> list[float]:
    """Return how long builds waited that were asked for one by one."""
    waited = []
    for number in range(_SINGLE):
        build = parts.engine.request(request(f"single{number}")).build
        while not build.state.final:
            time.sleep(0.01)
            build = parts.builds.get(build.id) or build
        waited.append(build.started - build.created)
    return waited


def _asked(parts: Parts) -> set[str]:
    """Ask for all builds, most twice, from several threads; return their ids."""

    def ask(number: int) -> str:
        key = f"k{number}{'-fail' if number % _FAILING == 0 else ''}"
        return parts.engine.request(request(key, who=f"who{number % 5}")).build.id

    again = [number for number in range(_BUILDS) if number % _FAILING]  # what failed is made anew
    with ThreadPoolExecutor(_CLIENTS) as clients:
        return set(clients.map(ask, [*range(_BUILDS), *again]))


def _checked(parts: Parts, ids: set[str]) -> dict[str, Value]:
    """Return how many builds were lost or are wrong: all of these are 0 where it works."""
    builds = [build for build in _all(parts) if build.id in ids]
    lost = len(ids) - len(builds) + abs(len(ids) - _BUILDS)
    wrong = sum(build.state is not _expected(build) for build in builds)
    mixed = sum(
        build.artifacts != manifest.artifacts
        for build in builds
        if (manifest := parts.store.published(build.id)) is not None
    )
    manifests = sum(parts.store.published(build.id) is not None for build in builds)
    extra = manifests - sum(build.state is State.SUCCEEDED for build in builds)
    return {
        "run again": sum(build.attempt > 1 for build in builds),
        "lost": lost,
        "wrong": wrong,
        "published twice": mixed + extra,
    }


def _expected(build: Build) -> State:
    return State.FAILED if build.key.endswith("fail") else State.SUCCEEDED


def _all(parts: Parts) -> Iterator[Build]:
    before = ""
    while page := parts.builds.listed(Filter(), before=before, limit=1000):
        yield from page
        before = page[-1].id


class _Workers:
    """Worker processes, one of which is killed again and again, and replaced."""

    def __init__(self, root: Path, conninfo: str) -> None:
        module = "tests.buildservice.engine.stub_worker"
        options = [str(_LEASE), str(_SLOTS), str(_SECONDS)]
        self._command = [sys.executable, "-m", module, str(root), conninfo, *options]
        self._processes = [self._start() for _ in range(_WORKERS)]
        self._random = random.Random(10_000)

    def kill_until_done(self, parts: Parts) -> int:
        """Kill one after the other until all builds are over; return how many."""
        kills = 0
        end = time.monotonic() + _MOST_SECONDS
        while _unfinished(parts) and time.monotonic() < end:
            time.sleep(self._random.uniform(*_KILL_SECONDS))
            if not _unfinished(parts):
                break
            victim = self._random.randrange(_WORKERS)
            os.kill(self._processes[victim].pid, signal.SIGKILL)
            self._processes[victim].wait()
            self._processes[victim] = self._start()
            kills += 1
        return kills

    def end(self) -> None:
        """Kill all of them."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, cwd=ROOT)


def _unfinished(parts: Parts) -> int:
    counts = parts.builds.counts()
    return counts[State.QUEUED] + counts[State.RUNNING]
