"""Tasks in the database: each at least once, and one at a time, over both databases."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.buildservice.hooks.outbox import Outbox, Task, TaskState
from gobp.buildservice.settings.schema import Queue
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.opening import open_database
from tests.buildservice.state.build_database import PostgresqlServer, postgresql

pytestmark = pytest.mark.slow  # real tools and servers


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with postgresql() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    queue = Queue()
    if request.param == "postgresql":
        running: PostgresqlServer = request.getfixturevalue("server")
        running.empty()
        queue = Queue(postgresql=running.conninfo)
    opened = open_database(queue, tmp_path)
    yield opened
    opened.close()


def outbox(database: Database, *pauses: float, kind: str = "test") -> Outbox:
    return Outbox(database, kind, pauses)


def due_now(database: Database) -> None:
    with database.writing() as transaction:
        transaction.run("UPDATE gobp_outbox SET due = 0 WHERE state = 'waiting'")


def test_a_task_is_added_once_and_taken_once(database: Database) -> None:
    box = outbox(database)
    assert box.put("a", "1")
    assert not box.put("a", "2")
    assert box.take(10) == [Task("test", "a", "1", 1)]
    assert box.take(10) == []


def test_a_task_whose_worker_died_is_taken_again(database: Database) -> None:
    box = outbox(database)
    box.put("a", "1")
    box.take(10)
    due_now(database)  # its time is over
    assert box.take(10) == [Task("test", "a", "1", 2)]


def test_a_task_that_is_done_is_known_and_never_taken_again(database: Database) -> None:
    box = outbox(database)
    box.put("a", "1")
    box.done(box.take(1)[0], "well")
    due_now(database)
    assert box.take(10) == []
    assert not box.put("a", "1")
    assert box.state("a") == (TaskState.DONE, "well")
    assert box.state("b") is None


def test_a_task_that_fails_waits_and_is_given_up_in_the_end(database: Database) -> None:
    box = outbox(database, 100.0, 100.0)
    box.put("a", "1")
    for again in (True, True, False):
        task = box.take(1)[0]
        assert box.failed(task, "why") is again
        assert box.take(1) == []
        due_now(database)
    assert box.state("a") == (TaskState.GIVEN_UP, "why")


def test_what_was_given_up_may_begin_anew(database: Database) -> None:
    box = outbox(database)
    box.put("a", "1")
    box.give_up(box.take(1)[0], "no")
    box.again("a")
    assert box.take(1) == [Task("test", "a", "1", 1)]
    box.again("a")
    assert box.take(1) == []


def test_looking_later_is_no_attempt(database: Database) -> None:
    box = outbox(database)
    box.put("a", "1")
    for _ in range(3):
        task = box.take(1)[0]
        assert task.attempts == 1
        box.later(task, 50)
        assert box.take(1) == []
        due_now(database)


def test_a_task_may_be_due_later_and_one_may_be_asked_for(database: Database) -> None:
    box = outbox(database)
    box.put("late", "1", after=100)
    box.put("a", "1")
    box.put("b", "1")
    assert [task.id for task in box.take(1, "b")] == ["b"]
    assert [task.id for task in box.take(10)] == ["a"]


def test_kinds_do_not_meet(database: Database) -> None:
    one, other = outbox(database, kind="one"), outbox(database, kind="other")
    assert one.put("a", "1")
    assert other.put("a", "2")
    assert [task.body for task in other.take(10)] == ["2"]


def test_what_ended_a_week_ago_is_forgotten(database: Database) -> None:
    box = outbox(database)
    for name in ("old", "waiting"):
        box.put(name, "1")
    box.done(box.take(1, "old")[0])
    with database.writing() as transaction:
        transaction.run("UPDATE gobp_outbox SET due = due - 700000")
    box.forget_old()
    assert box.state("old") is None
    assert box.state("waiting") is not None


def test_many_threads_take_each_task_once(database: Database) -> None:
    box = outbox(database)
    for number in range(40):
        box.put(f"{number:02}", "1")
    taken: list[str] = []

    def work() -> None:
        while tasks := box.take(3):
            taken.extend(task.id for task in tasks)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"{number:02}" for number in range(40)]
