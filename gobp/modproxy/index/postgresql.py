"""The index in PostgreSQL, shared by all nodes."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg

from gobp.modproxy.index.database import SCHEMA, Row, Transaction
from gobp.modproxy.index.index import IndexUnavailableError

_WRITERS = 0x676F6270  # the advisory lock of whoever writes the index
_CONNECT_SECONDS = 5
_SILENCE_MILLISECONDS = 15_000
_FETCHED_AT_ONCE = 1000


class PostgresqlDatabase:
    """See Database. It keeps one connection for reading and one for writing.

    ``conninfo`` is a connection string
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING).
    """

    def __init__(self, conninfo: str) -> None:
        self._reader = _Connection(conninfo)
        self._writer = _Connection(conninfo)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """See Database.reading."""
        with self._reader.transaction() as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """See Database.writing."""
        with self._writer.transaction() as transaction:
            transaction.run("SELECT pg_advisory_xact_lock(?)", (_WRITERS,))
            yield transaction

    def close(self) -> None:
        """See Database.close."""
        self._reader.close()
        self._writer.close()


class _Connection:
    """A connection that is opened when it is needed and used by one thread at a time."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Row] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = _connected(self._conninfo)
            try:
                with self._connection.transaction():
                    yield _Statements(self._connection)
            except psycopg.Error as error:
                self._drop()
                raise IndexUnavailableError(f"the index in PostgreSQL: {error}") from error

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None


class _Statements:
    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        cursor = self._connection.execute(_own(statement), values)
        return cursor.fetchall() if cursor.description else []

    def each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_own(statement), rows)

    def stream(self, statement: str, values: Sequence[object] = ()) -> Iterator[Row]:
        with self._connection.cursor(name="gobp_stream") as cursor:
            cursor.itersize = _FETCHED_AT_ONCE
            cursor.execute(_own(statement), values)
            yield from cursor


def _own(statement: str) -> bytes:
    """Return a statement with PostgreSQL's own marks of values."""
    return statement.replace("?", "%s").encode()


def _connected(conninfo: str) -> psycopg.Connection[Row]:
    """Return a connection to a database that has the tables."""
    try:
        connection = psycopg.connect(
            conninfo,
            autocommit=True,
            prepare_threshold=None,  # poolers may give another session to each transaction
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_SILENCE_MILLISECONDS,
        )
    except psycopg.OperationalError as error:
        raise IndexUnavailableError(f"the index in PostgreSQL: {error}") from error
    except psycopg.Error:  # its text may hold the whole string, password and all
        raise IndexUnavailableError("cluster.postgresql is no connection string") from None
    try:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITERS,))
            for statement in SCHEMA:
                identity = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
                connection.execute(statement.format(identity=identity).encode())
    except psycopg.Error as error:
        connection.close()
        raise IndexUnavailableError(f"the index in PostgreSQL: {error}") from error
    return connection
