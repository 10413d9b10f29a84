"""The engine that needs nothing but the database: its workers look for builds themselves."""

import logging
import threading

from gobp.buildservice.engine.crew import Crew
from gobp.buildservice.engine.engine import Runner
from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.engine.work import Work
from gobp.buildservice.logs.log import Logs
from gobp.buildservice.state.builds import Builds, Request, Requested
from gobp.buildservice.state.database import DatabaseError

_LOOK_SECONDS = 0.2  # between two looks for builds that other processes took in
_LOG = logging.getLogger(__name__)


class EmbeddedEngine:
    """See Engine. Any number of processes of one machine may share the database."""

    def __init__(self, builds: Builds, logs: Logs, terms: Terms) -> None:
        self._builds = builds
        self._logs = logs
        self._terms = terms
        self._arrived = threading.Event()
        self._stopping = threading.Event()
        self._crew: Crew | None = None

    def prepare(self) -> None:
        """See Engine.prepare: nothing is needed."""

    def request(self, request: Request, /) -> Requested:
        """See Engine.request."""
        requested = self._builds.request(request)
        if requested.new:
            self._arrived.set()
        return requested

    def start(self, runner: Runner, slots: int, /) -> None:
        """See Engine.start."""
        crew = self._crew = Crew(self._builds, self._logs, runner, slots, self._terms)
        for _ in range(slots):
            crew.submit(lambda: self._work_on(crew.work))

    def stop(self, seconds: float, /) -> None:
        """See Engine.stop."""
        self._stopping.set()
        self._arrived.set()
        if self._crew is not None:
            self._crew.stop(seconds)

    @property
    def running(self) -> int:
        """See Engine.running."""
        return 0 if self._crew is None else self._crew.work.running

    def _work_on(self, work: Work) -> bool:
        while not self._stopping.is_set():
            try:
                if work.do_one():
                    continue
            except DatabaseError as error:
                _LOG.warning("no build can be had: %s", error)
            except Exception:  # noqa: BLE001 # a bug with one build does not hold up others
                _LOG.exception("no build can be had")
            self._arrived.wait(_LOOK_SECONDS)
            self._arrived.clear()
        return True
