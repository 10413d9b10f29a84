"""The SQLite file: durable, and never set aside when it is broken or lost."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gobp.buildservice.state.database import DatabaseError
from gobp.buildservice.state.sqlite import SqliteDatabase
from gobp.errors import UserError

pytestmark = pytest.mark.slow  # real tools and servers

SCHEMA = ("CREATE TABLE IF NOT EXISTS things (name TEXT)",)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a table of many rows, that nobody has open."""
    path = tmp_path / "root #1" / "builds.db"
    database = SqliteDatabase(path)
    database.prepare(SCHEMA)
    with database.writing() as transaction:
        transaction.each("INSERT INTO things VALUES (?)", [("x" * 50,) for _ in range(3000)])
    database.close()
    return path


def count(database: SqliteDatabase) -> int:
    with database.reading() as transaction:
        return int(transaction.run("SELECT COUNT(*) FROM things WHERE name > ''")[0][0])


@pytest.mark.parametrize(
    "content", [b"no database at all " * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_broken_file_is_told_with_a_remedy_and_left_as_it_is(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UserError, match="is damaged") as caught:
        SqliteDatabase(file).prepare(SCHEMA)
    assert str(file) in caught.value.summary
    assert "restore a backup" in caught.value.remedy
    assert file.read_bytes() == content
    assert {path.name for path in file.parent.iterdir()} == {"builds.db", "builds.db-turn"}


def test_a_file_that_is_broken_in_its_middle_is_told_when_it_is_read(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    database = SqliteDatabase(file)
    with pytest.raises(DatabaseError, match="restore a backup"):
        count(database)
    database.close()


def test_a_file_that_is_removed_while_it_is_open_takes_nothing_more(file: Path) -> None:
    database = SqliteDatabase(file)
    assert count(database) == 3000
    file.unlink()
    with pytest.raises(DatabaseError, match="No such file"), database.writing() as transaction:
        transaction.run("INSERT INTO things VALUES ('lost')")
    assert not file.exists()
    database.close()


def test_a_file_that_is_replaced_while_it_is_open_takes_nothing_more(file: Path) -> None:
    database = SqliteDatabase(file)
    assert count(database) == 3000
    file.rename(file.with_suffix(".old"))
    SqliteDatabase(file).prepare(SCHEMA)
    with pytest.raises(DatabaseError, match="was replaced: restart"):
        count(database)
    database.close()


def test_only_prepare_makes_the_file(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "builds.db")
    with pytest.raises(DatabaseError, match="No such file"), database.reading():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written") as caught:
        SqliteDatabase(tmp_path / "file" / "builds.db").prepare(SCHEMA)
    assert "root" in caught.value.remedy


def test_what_is_committed_is_written_through_to_the_disk(file: Path) -> None:
    database = SqliteDatabase(file)
    with database.reading() as transaction:
        assert transaction.run("PRAGMA synchronous") == [(2,)]
        assert transaction.run("PRAGMA journal_mode") == [("wal",)]
    database.close()


def test_only_the_service_may_read_the_file(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


def test_processes_write_in_turn_and_none_waits_for_long(file: Path) -> None:
    program = """if True:
        import sys, time
        from pathlib import Path
        from gobp.buildservice.state.sqlite import SqliteDatabase
        database = SqliteDatabase(Path(sys.argv[1]))
        longest, end = 0.0, time.monotonic() + 1.5
        while time.monotonic() < end:
            began = time.monotonic()
            with database.writing() as transaction:
                transaction.run("INSERT INTO things VALUES ('a')")
            longest = max(longest, time.monotonic() - began)
        print(longest)
    """
    command = [sys.executable, "-c", program, str(file)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    assert max(float(writer.communicate()[0]) for writer in writers) < 1.0


def test_a_writer_that_waits_too_long_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gobp.buildservice.state.sqlite._BUSY_SECONDS", 0.1)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = SqliteDatabase(file)
    with pytest.raises(DatabaseError, match="locked"), database.writing():
        pass
    other.execute("ROLLBACK")
    with database.writing() as transaction:
        transaction.run("INSERT INTO things VALUES ('now')")
    database.close()
    other.close()
