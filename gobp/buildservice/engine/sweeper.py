"""Looks after builds that no worker has: those that wait too long, were lost, or just ended."""

import logging
import threading

from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.engine.work import Work
from gobp.buildservice.state.builds import Builds
from gobp.buildservice.state.database import DatabaseError

_LOG = logging.getLogger(__name__)


class Sweeper:
    """A thread that sweeps three times in a lease, until it is stopped."""

    def __init__(self, builds: Builds, work: Work, terms: Terms) -> None:
        self._builds = builds
        self._work = work
        self._terms = terms
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="build sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._sweep()
            except DatabaseError as error:
                _LOG.warning("builds are not swept: %s", error)
            if self._stopped.wait(self._terms.lease / 3):
                return

    def _sweep(self) -> None:
        for build in self._builds.sweep(queue_seconds=self._terms.waits):
            _LOG.warning("build %s: %s", build.id, build.message)
        # workers do this at once: what is left is of those that died, and what none had
        for build in self._builds.unsettled(self._terms.lease):
            self._work.settle(build)
