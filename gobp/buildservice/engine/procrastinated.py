"""The engine for any number of machines: Procrastinate on PostgreSQL tells workers of builds."""

import logging

from gobp.buildservice.engine.crew import Crew
from gobp.buildservice.engine.dispatcher import Dispatcher
from gobp.buildservice.engine.engine import Runner
from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.engine.tickets import Tickets
from gobp.buildservice.logs.log import Logs
from gobp.buildservice.state.builds import Builds, Request, Requested
from gobp.buildservice.state.database import DatabaseError
from gobp.buildservice.state.postgresql import PostgresqlDatabase

_LOG = logging.getLogger(__name__)


class ProcrastinatedEngine:
    """See Engine; ``database`` is that of the builds."""

    def __init__(
        self, builds: Builds, database: PostgresqlDatabase, logs: Logs, terms: Terms
    ) -> None:
        self._builds = builds
        self._conninfo = database.conninfo
        self._logs = logs
        self._terms = terms
        self._tickets = Tickets(database)
        self._crew: Crew | None = None
        self._dispatcher: Dispatcher | None = None

    def prepare(self) -> None:
        """See Engine.prepare: make the tables of Procrastinate, if they are not there."""
        self._tickets.prepare()

    def request(self, request: Request, /) -> Requested:
        """See Engine.request."""
        return self._builds.request(request, also=self._tickets.add)

    def start(self, runner: Runner, slots: int, /) -> None:
        """See Engine.start."""
        self._crew = Crew(self._builds, self._logs, runner, slots, self._terms)
        self._dispatcher = Dispatcher(
            self._conninfo, self._crew, self._tickets, slots=slots, lease=self._terms.lease
        )

    def stop(self, seconds: float, /) -> None:
        """See Engine.stop."""
        if self._crew is None or self._dispatcher is None:
            return
        self._dispatcher.stop()
        self._crew.stop(seconds)
        try:
            self._tickets.replace()  # for what was given back; else the next sweep does it
        except DatabaseError as error:
            _LOG.warning("builds that were given back wait for the next sweep: %s", error)

    @property
    def running(self) -> int:
        """See Engine.running."""
        return 0 if self._crew is None else self._crew.work.running
