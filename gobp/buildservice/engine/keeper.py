"""Keeps a build while it runs: renews its lease, and sees when it is to stop."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gobp.buildservice.builds.build import Ending, State
from gobp.buildservice.engine.stopping import Stop, Why
from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.state.builds import Builds, Claim
from gobp.buildservice.state.database import DatabaseError

_LEAST_SECONDS = 0.05
_MOST_SECONDS = 2.0  # between two renewals: within it a cancellation is seen
_GRACE_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


@contextmanager
def kept(builds: Builds, claim: Claim, stop: Stop, terms: Terms) -> Iterator[None]:
    """Keep a build for as long as the block runs; ask it to stop when it took too long.

    While the database is away the build goes on. A build that does not stop for a minute ends all
    the same; its thread is not waited for.
    """
    done = threading.Event()
    keeper = _Keeper(builds, claim, stop, terms)
    thread = threading.Thread(target=keeper.run, args=(done,), name="keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class _Keeper:
    def __init__(self, builds: Builds, claim: Claim, stop: Stop, terms: Terms) -> None:
        self._builds = builds
        self._claim = claim
        self._stop = stop
        self._lease = terms.lease
        self._deadline = time.monotonic() + terms.longest

    def run(self, done: threading.Event) -> None:
        while not done.wait(min(max(self._lease / 3, _LEAST_SECONDS), _MOST_SECONDS)):
            if time.monotonic() > self._deadline:
                self._stop.ask(Why.TIMED_OUT)
            try:
                if time.monotonic() > self._deadline + _GRACE_SECONDS:
                    self._end()
                    return
                renewed = self._builds.renew(self._claim, self._lease)
            except DatabaseError as error:
                _LOG.warning("build %s goes on without its lease: %s", self._claim.build.id, error)
                continue
            if not renewed.ours:
                self._stop.ask(Why.LOST)
                return
            if renewed.cancel:
                self._stop.ask(Why.CANCELLED)

    def _end(self) -> None:
        _LOG.error("build %s does not stop; it ends all the same", self._claim.build.id)
        message = "it took too long, and did not stop"
        self._builds.finish(self._claim, Ending(state=State.TIMED_OUT, message=message))
        self._stop.ask(Why.LOST)
