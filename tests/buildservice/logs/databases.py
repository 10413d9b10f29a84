"""Databases of both kinds for tests of what is kept in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gobp.buildservice.state.database import Database
from gobp.buildservice.state.postgresql import PostgresqlDatabase
from gobp.buildservice.state.sqlite import SqliteDatabase
from tests.buildservice.state.build_database import postgresql


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[Database]:
    """Give an empty database: sqlite or postgresql (skipped where that is not installed)."""
    if kind == "sqlite":
        database: Database = SqliteDatabase(folder / "builds.db")
        try:
            yield database
        finally:
            database.close()
    else:
        with postgresql() as server:
            database = PostgresqlDatabase(server.conninfo)
            try:
                yield database
            finally:
                database.close()
