import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.system.write_ahead import use_write_ahead_log

SECONDS = 30.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "things.db"


@pytest.fixture
def held(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that is about to write."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def mode(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def test_a_file_that_another_connection_has_busy_is_switched_when_it_is_free(
    file: Path, held: sqlite3.Connection
) -> None:
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    free = threading.Timer(0.1, lambda: held.execute("COMMIT"))
    free.start()
    use_write_ahead_log(connection, SECONDS)
    free.join()
    assert mode(connection) == "wal"
    connection.close()


def test_a_file_that_stays_busy_is_told(file: Path, held: sqlite3.Connection) -> None:
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        use_write_ahead_log(connection, 0)
    assert held.in_transaction
    connection.close()


def test_what_is_wrong_otherwise_is_told_at_once(file: Path) -> None:
    file.write_bytes(b"not a database" * 100)
    connection = sqlite3.connect(file)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_write_ahead_log(connection, SECONDS)
    connection.close()


def test_connections_that_make_a_file_at_the_same_time_all_get_it(tmp_path: Path) -> None:
    failed: list[BaseException] = []
    together = threading.Barrier(4)

    def make(file: Path) -> None:
        connection = sqlite3.connect(file, timeout=SECONDS, isolation_level=None)
        try:
            together.wait()
            use_write_ahead_log(connection, SECONDS)
            connection.execute("CREATE TABLE IF NOT EXISTS things (name TEXT)")
        except BaseException as error:  # noqa: BLE001 # told below
            failed.append(error)
        finally:
            connection.close()

    for number in range(20):
        file = tmp_path / f"{number}.db"
        threads = [threading.Thread(target=make, args=(file,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
