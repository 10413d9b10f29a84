"""The file of the index: missing, broken, taken away, and never in the way of readers."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.modproxy.index.index import IndexUnavailableError
from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.index.sqlite import SqliteDatabase
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.index.module_files import everybody, published, put

M = "example.com/m"


@pytest.fixture
def file(root: Path) -> Path:
    return root / ".gobp" / "index.db"


@pytest.fixture
def index(root: Path) -> Iterator[SqlIndex]:
    """An index of one module, which is in a tree."""
    put(Trees.below(root).public, "example.com/m/@v/v1.0.0.mod")
    opened = open_index(Settings(root=str(root)), root)
    assert isinstance(opened, SqlIndex)
    opened.prepare()
    yield opened
    opened.close()


def modules(index: SqlIndex) -> list[str]:
    return [known.module for known in index.versions()]


@pytest.mark.parametrize("when", ["before a start", "while it is open"])
@pytest.mark.parametrize(
    "content", [b"no database at all " * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_broken_file_is_kept_aside_and_made_anew(
    index: SqlIndex, file: Path, content: bytes, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    if when == "before a start":
        index.close()
    for left in file.parent.glob("index.db*"):
        left.unlink()
    file.write_bytes(content)

    with pytest.raises(IndexUnavailableError):
        index.prepare()
    index.prepare()

    assert modules(index) == [M]
    assert file.with_suffix(".db.broken").read_bytes() == content
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "made anew" in caplog.text


def test_a_file_that_is_broken_in_its_middle_is_made_anew(index: SqlIndex, file: Path) -> None:
    index.published(published(f"example.com/n{number}") for number in range(3000))
    index.close()
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))

    with pytest.raises(IndexUnavailableError):
        modules(index)
    index.prepare()

    assert modules(index) == [M]


def test_two_workers_that_find_it_broken_do_not_undo_each_others_repair(
    index: SqlIndex, root: Path, file: Path
) -> None:
    other = open_index(Settings(root=str(root)), root)
    other.totals()
    file.unlink()
    file.write_bytes(b"broken" * 1000)
    for each in (index, other, index, other):
        try:
            each.prepare()
        except IndexUnavailableError:
            each.prepare()
    index.published([published("example.com/by-one")])
    other.published([published("example.com/by-other")])
    assert sorted(modules(index)) == ["example.com/by-one", "example.com/by-other", M]
    other.close()


@pytest.mark.parametrize("suffixes", [("",), ("", "-wal", "-shm")])
def test_a_file_that_was_deleted_while_open_is_made_anew(
    index: SqlIndex, file: Path, suffixes: tuple[str, ...]
) -> None:
    index.published([published("example.com/not-in-a-tree")])
    for suffix in suffixes:
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    index.prepare()
    assert modules(index) == [M]


def test_a_file_of_another_version_of_gobp_is_made_anew(index: SqlIndex, file: Path) -> None:
    index.close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(IndexUnavailableError, match="another version of gobp"):
        index.prepare()
    index.prepare()
    assert modules(index) == [M]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    index = open_index(Settings(), tmp_path / "file")
    with pytest.raises(IndexUnavailableError, match="Not a directory"):
        index.prepare()


def test_readers_do_not_wait_for_a_writer(index: SqlIndex, file: Path) -> None:
    database = SqliteDatabase(file)
    with database.writing() as transaction:
        transaction.run("DELETE FROM gobp_versions")
        thread = threading.Thread(target=lambda: seen.extend(modules(index)))
        seen: list[str] = []
        thread.start()
        thread.join(5)
        assert seen == [M]
    database.close()


def test_many_threads_may_read_at_the_same_time(index: SqlIndex) -> None:
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.append(len(index.feed(0, 9, everybody))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 8
