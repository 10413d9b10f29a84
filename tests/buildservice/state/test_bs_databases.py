"""What both databases do."""

import threading
from pathlib import Path

import pytest

from gobp.buildservice.settings.schema import Queue
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.opening import open_database
from gobp.errors import UserError

pytestmark = pytest.mark.slow  # real tools and servers

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS things (
        id {identity}, name TEXT UNIQUE, size BIGINT, at DOUBLE PRECISION, content {bytes}
    )""",
)


@pytest.fixture
def things(database: Database) -> Database:
    database.prepare(SCHEMA)
    return database


def names(database: Database) -> list[str]:
    with database.reading() as transaction:
        return [name for (name,) in transaction.run("SELECT name FROM things ORDER BY id")]


def add(database: Database, name: str) -> None:
    with database.writing() as transaction:
        transaction.run("INSERT INTO things (name) VALUES (?)", (name,))


def test_values_come_back_as_they_were_given(things: Database) -> None:
    given = ("50% of ?", 2**40, 1795300352.123456, b"\0\xff")
    with things.writing() as transaction:
        insert = "INSERT INTO things (name, size, at, content) VALUES (?, ?, ?, ?) RETURNING id"
        assert transaction.run(insert, given) == [(1,)]
    with things.reading() as transaction:
        found = transaction.run("SELECT name, size, at, content FROM things WHERE name LIKE '50%'")
    assert found == [given]


def test_many_rows_are_written_at_once(things: Database) -> None:
    with things.writing() as transaction:
        transaction.each("INSERT INTO things (name) VALUES (?)", [("a",), ("b",)])
    assert names(things) == ["a", "b"]


def test_a_block_that_raises_undoes_what_it_wrote(things: Database) -> None:
    def write() -> None:
        with things.writing() as transaction:
            transaction.run("INSERT INTO things (name) VALUES ('a')")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert names(things) == []


def test_tables_that_are_there_stay_when_they_are_prepared_again(things: Database) -> None:
    add(things, "a")
    things.prepare(SCHEMA)
    assert names(things) == ["a"]


def test_processes_that_prepare_at_the_same_time_do_not_disturb_each_other(
    queue: Queue, tmp_path: Path
) -> None:
    databases = [open_database(queue, tmp_path) for _ in range(4)]
    failed: list[BaseException] = []

    def prepare(database: Database) -> None:
        try:
            database.prepare(SCHEMA)
        except BaseException as error:  # noqa: BLE001 # told below
            failed.append(error)

    threads = [threading.Thread(target=prepare, args=(each,)) for each in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in databases:
        each.close()
    assert failed == []


def test_a_reader_sees_one_state_and_waits_for_no_writer(things: Database) -> None:
    add(things, "a")
    with things.reading() as reader:
        before = reader.run("SELECT COUNT(*) FROM things")
        add(things, "b")
        with things.writing() as writer:
            writer.run("INSERT INTO things (name) VALUES ('c')")
            assert names(things) == ["a", "b"]
        assert reader.run("SELECT COUNT(*) FROM things") == before == [(1,)]
    assert names(things) == ["a", "b", "c"]


def test_many_threads_write_and_none_is_lost(things: Database) -> None:
    def add_many(thread: int) -> None:
        for number in range(20):
            add(things, f"{thread}.{number}")

    threads = [threading.Thread(target=add_many, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(things)) == 160


def test_a_closed_database_opens_again(things: Database) -> None:
    add(things, "a")
    things.close()
    assert names(things) == ["a"]


def test_a_mistake_in_a_statement_is_a_bug_and_not_trouble_of_the_database(
    things: Database,
) -> None:
    add(things, "a")
    with pytest.raises(Exception, match=r"(?i)unique"):
        add(things, "a")
    assert names(things) == ["a"]


def test_tables_of_another_version_of_gobp_are_told_and_left(things: Database) -> None:
    with things.writing() as transaction:
        transaction.run("UPDATE gobp_schema SET version = 99")
    with pytest.raises(UserError, match="version 99, this gobp knows version 1") as caught:
        things.prepare(("CREATE TABLE more (id {identity})",))
    assert "use the gobp that wrote it" in caught.value.remedy
    with pytest.raises(Exception, match=r"more"), things.reading() as transaction:
        transaction.run("SELECT * FROM more")


def test_the_clock_is_of_now(things: Database) -> None:
    with things.reading() as transaction:
        assert transaction.now() > 1_700_000_000
        assert transaction.now() >= transaction.now() - 60
