"""The index in an SQLite file, written by all workers of a machine.

A file that is missing, broken or of another schema is made anew; the broken one is kept beside it
as ``index.db.broken``. See https://www.sqlite.org/wal.html.
"""

import fcntl
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gobp.modproxy.index.database import SCHEMA, Row, Transaction
from gobp.modproxy.index.index import IndexUnavailableError
from gobp.system.write_ahead import use_write_ahead_log

_VERSION = 1  # of the schema; a file with another is made anew
_BUSY_SECONDS = 30.0
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOG = logging.getLogger(__name__)


class SqliteDatabase:
    """See Database. It keeps one connection for reading and one for writing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = _Connection(path)
        self._writer = _Connection(path)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """See Database.reading."""
        with self._reader.transaction("BEGIN") as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """See Database.writing."""
        with self._writer.transaction("BEGIN IMMEDIATE") as transaction:
            yield transaction

    def close(self) -> None:
        """See Database.close."""
        self._reader.close()
        self._writer.close()


class _Connection:
    """A connection that is opened when it is needed and used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def transaction(self, begin: str) -> Iterator[Transaction]:
        with self._lock:
            try:
                connection = self._current()
                connection.execute(begin)
                try:
                    yield _Statements(connection)
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()
            except sqlite3.Error as error:
                self._drop()
                if _is_broken(error):
                    _set_aside(self._path, self._inode, error)
                raise IndexUnavailableError(f"the index {self._path}: {error}") from error

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _current(self) -> sqlite3.Connection:
        """Return the connection to the file that has the name now: it may have been made anew."""
        if self._connection is not None and _inode(self._path) == self._inode:
            return self._connection
        self._drop()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()
        except OSError as error:
            raise IndexUnavailableError(f"the index {self._path}: {error.strerror}") from error
        self._inode = _inode(self._path)
        self._connection = _connected(self._path)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


class _Statements:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()

    def each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(statement, rows)

    def stream(self, statement: str, values: Sequence[object] = ()) -> Iterator[Row]:
        yield from self._connection.execute(statement, values)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        use_write_ahead_log(connection, _BUSY_SECONDS)
        connection.execute("PRAGMA synchronous = NORMAL")  # a crash loses uses, never the file
        connection.execute("PRAGMA foreign_keys = ON")
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            _create(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in {0, _VERSION}:
        raise sqlite3.DatabaseError(_OTHER_SCHEMA)
    for statement in SCHEMA:
        connection.execute(statement.format(identity="INTEGER PRIMARY KEY AUTOINCREMENT"))
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


_OTHER_SCHEMA = "it is of another version of gobp"


def _is_broken(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return (code & 0xFF) in _BROKEN or str(error) == _OTHER_SCHEMA


def _set_aside(path: Path, inode: int, error: Exception) -> None:
    """Rename the broken file with this inode, unless another process has just done so."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _inode(path) != inode:
            return
        _LOG.warning("the index %s is broken and is made anew from the modules: %s", path, error)
        path.replace(path.with_suffix(".db.broken"))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _inode(path: Path) -> int:
    """Return what tells the file from one that has its name later; 0 if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
