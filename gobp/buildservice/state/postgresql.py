"""The database in PostgreSQL, for any number of machines."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg

from gobp.buildservice.state.database import DatabaseError, Row, Transaction
from gobp.buildservice.state.pool import Pool
from gobp.buildservice.state.versions import make_tables
from gobp.errors import UserError

_MAKERS = 0x676F6262  # the advisory lock of whoever makes tables
_MOST_CONNECTIONS = 16
_CONNECT_SECONDS = 5
_SILENCE_MILLISECONDS = 15_000
_TYPES = {"{identity}": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "{bytes}": "BYTEA"}
_TROUBLE = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)
_Connection = psycopg.Connection[Row]


class PostgresqlDatabase:
    """See Database.

    ``conninfo`` is a connection string
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). The connection
    must be to the server itself, or through a pool that gives each client its own session.
    Raises UserError if it is none.
    """

    def __init__(self, conninfo: str) -> None:
        try:
            psycopg.conninfo.conninfo_to_dict(conninfo)
        except psycopg.Error:  # its text may hold the whole string, password and all
            raise UserError(
                "queue.postgresql is no connection string",
                remedy="write it as postgresql://user@host/database?sslmode=verify-full.",
            ) from None
        self.conninfo = conninfo
        self._pool = Pool(self._connected, _MOST_CONNECTIONS)

    def prepare(self, schema: Sequence[str]) -> None:
        """See Database.prepare."""
        try:
            with self.writing() as transaction:
                transaction.run("SELECT pg_advisory_xact_lock(?)", (_MAKERS,))
                make_tables(transaction, schema, _TYPES, "the database in PostgreSQL")
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName) as error:
            raise UserError(
                f"PostgreSQL does not let gobp make its tables: {error.diag.message_primary}",
                remedy="grant the user of queue.postgresql USAGE and CREATE on the schema public.",
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """See Database.reading."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator["PostgresqlTransaction"]:
        """See Database.writing."""
        with self._transaction("BEGIN") as transaction:
            yield transaction

    def close(self) -> None:
        """See Database.close."""
        self._pool.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator["PostgresqlTransaction"]:
        with self._pool.turn:
            try:
                connection = self._begun(begin)
                try:
                    yield PostgresqlTransaction(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    with suppress(psycopg.Error):
                        connection.close()  # which undoes what it began
                    raise
            except _TROUBLE as error:
                raise DatabaseError(f"PostgreSQL: {error}") from error
            self._pool.give_back(connection)

    def _begun(self, begin: str) -> _Connection:
        """Begin on a connection; those that a restart of the server broke are left behind."""
        while (connection := self._pool.take_idle()) is not None:
            try:
                connection.execute(begin.encode())
            except _TROUBLE:
                connection.close()
            else:
                return connection
        connection = self._connected()
        connection.execute(begin.encode())
        return connection

    def _connected(self) -> _Connection:
        return psycopg.connect(
            self.conninfo,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_SILENCE_MILLISECONDS,
            application_name="gobp",
        )


class PostgresqlTransaction:
    """See Transaction; ``connection`` is for others that take part in it."""

    def __init__(self, connection: _Connection) -> None:
        self.connection = connection

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """See Transaction.run."""
        cursor = self.connection.execute(_own(statement), values)
        return cursor.fetchall() if cursor.description else []

    def each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """See Transaction.each."""
        with self.connection.cursor() as cursor:
            cursor.executemany(_own(statement), rows)

    def now(self) -> float:
        """See Transaction.now."""
        return float(self.run("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0])


def _own(statement: str) -> bytes:
    """Return a statement with PostgreSQL's own marks of values."""
    return statement.replace("%", "%%").replace("?", "%s").encode()
