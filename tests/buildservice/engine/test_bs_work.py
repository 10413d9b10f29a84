"""What a worker does when builds, logs or the database misbehave."""

import threading
import time
from pathlib import Path

import pytest

from gobp.buildservice.builds.build import Build, Ending, State
from gobp.buildservice.engine.engine import Stopping
from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.engine.work import Work
from gobp.buildservice.logs.log import BuildLog
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.builds import Claim
from gobp.buildservice.state.database import DatabaseError
from gobp.buildservice.state.sqlite import SqliteDatabase
from tests.buildservice.engine.stub_parts import MemoryLogs, StubRunner, wait_until
from tests.buildservice.state.build_requests import SUCCESS, request

TERMS = Terms(lease=30.0, longest=60.0, waits=60.0, attempts=3)


class AwayTable(BuildTable):
    """A table whose database is away for the next so many endings."""

    away = 0

    def finish(self, claim: Claim, ending: Ending, /) -> bool:
        if self.away:
            self.away -= 1
            raise DatabaseError("away")
        return super().finish(claim, ending)


@pytest.fixture
def table(tmp_path: Path) -> AwayTable:
    made = AwayTable(SqliteDatabase(tmp_path / "builds.db"), attempts=3)
    made.prepare()
    return made


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gobp.buildservice.engine.work._DATABASE_SECONDS", 0.01)
    monkeypatch.setattr("gobp.buildservice.engine.keeper._MOST_SECONDS", 0.05)


def build_of(table: BuildTable, key: str = "k") -> Build:
    found = table.of_key(key)
    assert found is not None
    return found


def test_how_a_build_ended_is_written_when_the_database_is_back(table: AwayTable) -> None:
    runner = StubRunner()
    table.request(request("k"))
    table.away = 3
    assert Work(table, MemoryLogs(), runner, TERMS).do_one()
    assert build_of(table).state is State.SUCCEEDED
    assert runner.began == ["k"]


def test_a_worker_that_stops_does_not_wait_for_a_database_that_is_away(table: AwayTable) -> None:
    table.request(request("k"))
    table.away = 1_000_000
    work = Work(table, MemoryLogs(), StubRunner(), TERMS)
    timer = threading.Timer(0.2, work.drain)
    timer.start()
    with pytest.raises(DatabaseError, match="away"):
        work.do_one()
    assert work.running == 0


def test_a_build_that_became_anothers_is_stopped_and_not_ended(table: AwayTable) -> None:
    def lose(_build: Build, stop: Stopping) -> Ending:
        table.sweep(queue_seconds=60)
        assert stop.wait(5)
        return SUCCESS

    table.request(request("k"))
    runner = StubRunner(lose)
    terms = Terms(lease=0.0, longest=60.0, waits=60.0, attempts=3)
    assert Work(table, MemoryLogs(), runner, terms).do_one()
    assert build_of(table).state is State.QUEUED
    assert runner.told == []


def test_a_build_that_takes_too_long_is_timed_out(table: AwayTable) -> None:
    table.request(request("k"))
    terms = Terms(lease=30.0, longest=0.1, waits=60.0, attempts=3)
    assert Work(table, MemoryLogs(), StubRunner(seconds=30), terms).do_one()
    ended = build_of(table)
    assert (ended.state, ended.message) == (State.TIMED_OUT, "it took longer than 0 s in all")


def test_a_build_that_does_not_even_stop_ends_all_the_same(
    table: AwayTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gobp.buildservice.engine.keeper._GRACE_SECONDS", 0.2)
    free = threading.Event()

    def hang(_build: Build, _stop: Stopping) -> Ending:
        free.wait(10)
        return SUCCESS

    table.request(request("k"))
    terms = Terms(lease=30.0, longest=0.1, waits=60.0, attempts=3)
    work = Work(table, MemoryLogs(), StubRunner(hang), terms)
    thread = threading.Thread(target=work.do_one)
    thread.start()
    wait_until(lambda: build_of(table).state is State.TIMED_OUT, 5)
    free.set()
    thread.join()
    assert build_of(table).message == "it took too long, and did not stop"


def test_a_log_that_cannot_be_closed_does_not_decide_how_a_build_ends(table: AwayTable) -> None:
    class Unclosable(MemoryLogs):
        def writer(self, build_id: str, attempt: int, /) -> BuildLog:
            writer = super().writer(build_id, attempt)
            writer.close = _fail  # type: ignore[method-assign] # a fake
            return writer

    def _fail() -> None:
        raise OSError

    table.request(request("k"))
    assert Work(table, Unclosable(), StubRunner(), TERMS).do_one()
    assert build_of(table).state is State.SUCCEEDED


def test_a_log_that_cannot_be_opened_is_trouble_of_the_service(table: AwayTable) -> None:
    class Unwritable(MemoryLogs):
        def writer(self, build_id: str, attempt: int, /) -> BuildLog:
            raise OSError

    table.request(request("k"))
    assert Work(table, Unwritable(), StubRunner(), TERMS).do_one()
    waits = build_of(table)
    assert (waits.state, waits.attempt) == (State.QUEUED, 1)


def test_builds_are_tried_again_after_longer_and_longer_pauses(table: AwayTable) -> None:
    def fail(_build: Build, _stop: Stopping) -> Ending:
        raise OSError

    logs = MemoryLogs()
    table.request(request("k"))
    work = Work(table, logs, StubRunner(fail), TERMS)
    assert work.do_one()
    assert not work.do_one()
    (said,) = logs.said[build_of(table).id][1:]
    assert said == "trouble of the service (OSError); it is tried again in 5 s"


def test_a_drained_worker_takes_nothing(table: AwayTable) -> None:
    table.request(request("k"))
    work = Work(table, MemoryLogs(), StubRunner(), TERMS)
    work.drain()
    assert not work.do_one()
    assert build_of(table).state is State.QUEUED


def test_the_owner_of_a_build_names_the_worker_and_is_another_for_each_claim(
    table: AwayTable,
) -> None:
    owners: list[str] = []

    def note(build: Build, _stop: Stopping) -> Ending:
        owners.append(build.owner)
        return SUCCESS

    work = Work(table, MemoryLogs(), StubRunner(note), TERMS)
    for key in ("a", "b"):
        table.request(request(key))
        time.sleep(0.002)
        work.do_one()
    assert len(set(owners)) == 2
    assert len({owner.partition("/")[0] for owner in owners}) == 1
