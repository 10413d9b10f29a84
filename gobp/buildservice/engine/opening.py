"""Choose the engine that the settings ask for."""

from gobp.buildservice.engine.embedded import EmbeddedEngine
from gobp.buildservice.engine.engine import Engine
from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.logs.log import Logs
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.state.builds import Builds
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.sqlite import SqliteDatabase
from gobp.errors import UserError

_SHORTEST_LEASE = 1.0
_MARGIN_SECONDS = 600.0  # for what is not bounded by a setting: toolchains, archives, uploads


def open_engine(settings: Settings, builds: Builds, database: Database, logs: Logs) -> Engine:
    """Return the engine for a database; nothing is begun before start.

    A build may take as long as its source and two builds of it may (see Order.verify). Raises
    UserError for a lease that no worker could keep.
    """
    if settings.queue.lease < _SHORTEST_LEASE:
        raise UserError(
            f"queue.lease: {settings.queue.lease:g} s is too short to show that a worker lives",
            remedy=f"set it to {_SHORTEST_LEASE:g} s or more; 15 s does well.",
        )
    terms = Terms(
        lease=settings.queue.lease,
        longest=settings.sources.timeout + 2 * settings.limits.timeout + _MARGIN_SECONDS,
        waits=settings.queue.waits,
        attempts=settings.queue.attempts,
    )
    if isinstance(database, SqliteDatabase):
        return EmbeddedEngine(builds, logs, terms)
    from gobp.buildservice.engine.procrastinated import ProcrastinatedEngine  # noqa: PLC0415 # heavy
    from gobp.buildservice.state.postgresql import PostgresqlDatabase  # noqa: PLC0415 # heavy

    if isinstance(database, PostgresqlDatabase):
        return ProcrastinatedEngine(builds, database, logs, terms)
    raise TypeError(database)
