"""What the commands that care for a build service work on, by its settings."""

from collections.abc import Mapping
from pathlib import Path

from gobp.buildservice.care.backup import KEY, Place
from gobp.buildservice.care.retention import Retention
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.opening import FILE, open_database
from gobp.buildservice.storage.opening import open_store
from gobp.errors import UserError


def open_retention(settings: Settings, env: Mapping[str, str]) -> Retention:
    """Return what removes builds. Raises UserError where there is no service."""
    root = Path(settings.root)
    if not settings.queue.postgresql and not (root / FILE).exists():
        raise _nothing(root)
    database = open_database(settings.queue, root)
    builds = BuildTable(database, attempts=settings.queue.attempts)
    builds.prepare()
    store = open_store(settings.store, root, env)
    logs = SqlLogs(database, store, limit=settings.limits.output)
    logs.prepare()
    return Retention(settings.keep, builds, logs, store, database)


def place_to_back_up(settings: Settings, env: Mapping[str, str], *, artifacts: bool) -> Place:
    """Return what is backed up. Raises UserError where there is no service."""
    root = Path(settings.root)
    if not settings.queue.postgresql and not (root / FILE).exists():
        raise _nothing(root)
    return place_to_restore(settings, env, artifacts=artifacts)


def place_to_restore(
    settings: Settings, env: Mapping[str, str], *, artifacts: bool = True
) -> Place:
    """Return where a backup is restored to. Raises UserError."""
    root = Path(settings.root)
    return Place(
        root=root,
        database=None if settings.queue.postgresql else root / FILE,
        key=None if settings.proof.key_file else root / KEY,
        objects=open_store(settings.store, root, env).objects if artifacts else None,
    )


def _nothing(root: Path) -> UserError:
    return UserError(
        f"there are no builds in {root}",
        remedy="name the root of the service with --root, or its settings with --config.",
    )
