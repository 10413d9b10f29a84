"""The database in an SQLite file, for all processes of one machine.

What was committed stays: the log is written through to the disk (synchronous = FULL). The file is
the truth about builds, so that a broken one is told and left as it is. See
https://www.sqlite.org/wal.html.
"""

import fcntl
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from gobp.buildservice.state.database import DatabaseError, Row, Transaction
from gobp.buildservice.state.pool import Pool
from gobp.buildservice.state.versions import make_tables
from gobp.errors import UserError
from gobp.system.write_ahead import use_write_ahead_log

_BUSY_SECONDS = 30.0
_READERS = 8
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TYPES = {"{identity}": "INTEGER PRIMARY KEY AUTOINCREMENT", "{bytes}": "BLOB"}
_REMEDY = "stop the service and restore a backup (gobp builds restore); nothing was changed."


class SqliteDatabase:
    """See Database; ``path`` is its file, which only prepare makes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = Pool(self._connected, _READERS)
        self._writer = Pool(self._connected, 1)
        self._inode = 0

    def prepare(self, schema: Sequence[str]) -> None:
        """See Database.prepare."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(0o600)
        except OSError as error:
            raise UserError(
                f"the database {self.path} cannot be written: {error.strerror}",
                remedy="let the service's user write there, or set root to another folder.",
            ) from error
        try:
            with self.writing() as transaction:
                make_tables(transaction, schema, _TYPES, f"the database {self.path}")
        except DatabaseError as error:
            if _is_damaged(error.__cause__):
                summary = f"the database {self.path} is damaged: {error.__cause__}"
                raise UserError(summary, remedy=_REMEDY) from error
            raise

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """See Database.reading."""
        with self._transaction(self._readers, "BEGIN", nullcontext()) as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """See Database.writing."""
        with self._transaction(self._writer, "BEGIN IMMEDIATE", self._turn()) as transaction:
            yield transaction

    def close(self) -> None:
        """See Database.close."""
        self._readers.close()
        self._writer.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let processes begin to write in the order in which they came.

        SQLite's waiters look again ever more rarely, so that some wait for seconds.
        """
        try:
            file = self.path.with_name(f"{self.path.name}-turn").open("a")
        except OSError as error:
            raise DatabaseError(f"the database {self.path}: {error.strerror}") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _transaction(
        self, pool: Pool[sqlite3.Connection], begin: str, turn: AbstractContextManager[None]
    ) -> Iterator[Transaction]:
        with pool.turn:
            try:
                self._check_file()
                connection = pool.take()
                try:
                    with turn:
                        connection.execute(begin)
                    yield _Statements(connection)
                    connection.commit()
                except BaseException:
                    with suppress(sqlite3.Error):
                        connection.close()  # which undoes what it began
                    raise
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                    raise  # a mistake of ours
                advice = f"; {_REMEDY}" if _is_damaged(error) else ""
                raise DatabaseError(f"the database {self.path}: {error}{advice}") from error
            pool.give_back(connection)

    def _check_file(self) -> None:
        """See that the file is the one that was opened first: nothing is written to a lost one."""
        try:
            inode = self.path.stat().st_ino
        except OSError as error:
            raise DatabaseError(f"the database {self.path}: {error.strerror}") from error
        self._inode = self._inode or inode
        if inode != self._inode:
            raise DatabaseError(f"the database {self.path} was replaced: restart the service")

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            use_write_ahead_log(connection, _BUSY_SECONDS)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection


class _Statements:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()

    def each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._connection.executemany(statement, rows)

    def now(self) -> float:
        return time.time()


def _is_damaged(error: BaseException | None) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGED
