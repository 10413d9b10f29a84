"""Choose the database that the settings ask for."""

from pathlib import Path

from gobp.buildservice.settings.schema import Queue
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.sqlite import SqliteDatabase

FILE = "builds.db"
"""The name of the SQLite file below root."""


def open_database(settings: Queue, root: Path) -> Database:
    """Return the database; nothing is opened before its first use.

    Raises UserError where the settings name none.
    """
    if settings.postgresql:
        from gobp.buildservice.state.postgresql import PostgresqlDatabase  # noqa: PLC0415 # heavy

        return PostgresqlDatabase(settings.postgresql)
    return SqliteDatabase(root / FILE)
