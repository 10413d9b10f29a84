"""What the index needs of a database: SQL that SQLite and PostgreSQL both understand."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS gobp_versions (
        id {identity},
        module TEXT NOT NULL,
        version TEXT NOT NULL,
        private INTEGER NOT NULL,
        published BIGINT NOT NULL,
        changed BIGINT NOT NULL,
        listed BIGINT NOT NULL,
        used BIGINT NOT NULL DEFAULT 0,
        uses BIGINT NOT NULL DEFAULT 0,
        info BIGINT,
        mod BIGINT,
        zip BIGINT,
        h1 TEXT NOT NULL DEFAULT '',
        UNIQUE (module, version)
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS gobp_versions_listed ON gobp_versions (listed)",
    """CREATE TABLE IF NOT EXISTS gobp_askers (
        version_id BIGINT NOT NULL REFERENCES gobp_versions (id) ON DELETE CASCADE,
        who TEXT NOT NULL,
        used BIGINT NOT NULL,
        uses BIGINT NOT NULL,
        PRIMARY KEY (version_id, who)
    )""",
    "CREATE TABLE IF NOT EXISTS gobp_totals (name TEXT PRIMARY KEY, amount BIGINT NOT NULL)",
)
"""Times are microseconds of the epoch; info, mod and zip bytes, NULL for files that are not there.

``listed`` is the place in the feed; ``changed`` when a file was last published. ``gobp_totals``
counts answers by where they came from, and says by the name ``built`` that the index is whole.
"""


class Transaction(Protocol):
    """Runs statements, whose values are written as question marks."""

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a statement and return its rows."""
        ...

    def each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once with each of the rows as its values."""
        ...

    def stream(self, statement: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query and yield its rows, of which never all are in memory."""
        ...


class Database(Protocol):
    """A database with the tables of the index. The methods raise IndexUnavailableError."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """Give a transaction that sees one state of the database and waits for no writer."""
        ...

    def writing(self) -> AbstractContextManager[Transaction]:
        """Give a transaction that is alone among the writers of all processes and nodes."""
        ...

    def close(self) -> None:
        """Let go of connections; the next transaction makes new ones."""
        ...
