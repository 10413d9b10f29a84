"""What the parts need of a database: SQL that SQLite and PostgreSQL both understand."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]


class DatabaseError(Exception):
    """The database cannot be used now; nothing of the transaction has happened.

    One exception: when the connection to PostgreSQL breaks while it commits, nobody knows.
    """


class Transaction(Protocol):
    """Runs statements, whose values are written as question marks."""

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a statement and return its rows (of RETURNING too)."""
        ...

    def each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once with each of the rows as its values."""
        ...

    def now(self) -> float:
        """Return the time (seconds of the epoch) by the clock that all who share this have."""
        ...


class Database(Protocol):
    """A database that threads, processes and (PostgreSQL) machines share.

    Several threads may use it at once. The methods raise DatabaseError. Close it before a fork.
    """

    def prepare(self, schema: Sequence[str]) -> None:
        """Make tables and indexes where they are not there (CREATE ... IF NOT EXISTS).

        ``{identity}`` in a statement stands for a column of growing numbers, a primary key, and
        ``{bytes}`` for the type of a column of bytes. TEXT, BIGINT and DOUBLE PRECISION are the
        same in both; truth is a BIGINT. Raises UserError, where only people can help.
        """
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """Give a transaction that sees one state of the database and waits for no writer."""
        ...

    def writing(self) -> AbstractContextManager[Transaction]:
        """Give a transaction that commits when its block ends, durably; an exception undoes it.

        In SQLite it is the only writer. In PostgreSQL rows and unique indexes decide: write
        statements that are right beside others of their kind.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the next transaction makes new ones."""
        ...
