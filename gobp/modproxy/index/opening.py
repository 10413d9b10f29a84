"""Choose the index that the settings ask for."""

from pathlib import Path

from gobp.modproxy.index.index import Index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.index.sqlite import SqliteDatabase
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.tree.module_tree import OWN
from gobp.modproxy.tree.trees import Trees


def open_index(settings: Settings, root: Path) -> Index:
    """Return the index of the trees below ``root``; nothing is opened before its first use."""
    trees = Trees.below(root, durable=settings.durable)
    if settings.cluster.postgresql:
        from gobp.modproxy.index.postgresql import PostgresqlDatabase  # noqa: PLC0415 # heavy

        return SqlIndex(PostgresqlDatabase(settings.cluster.postgresql), trees)
    return SqlIndex(SqliteDatabase(root / OWN / "index.db"), trees)
