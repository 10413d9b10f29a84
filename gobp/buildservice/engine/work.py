"""Take a build, do it, and end it: what all engines share."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from gobp.buildservice.builds.build import Build, Ending, State
from gobp.buildservice.engine.engine import Runner
from gobp.buildservice.engine.keeper import kept
from gobp.buildservice.engine.stopping import Stop, Why
from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.logs.log import BuildLog, Logs
from gobp.buildservice.state.builds import Builds, Claim
from gobp.buildservice.state.database import DatabaseError

_AGAIN_SECONDS = 5.0  # before the second attempt; twice as long before each further one
_DATABASE_SECONDS = 0.5  # between two tries to write how a build ended
_LOG = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A build that is queued again, in so many seconds; ``why`` is for people."""

    why: str
    counted: bool = False
    delay: float = 0.0


class Work:
    """Does builds for a process; its threads call do_one."""

    def __init__(self, builds: Builds, logs: Logs, runner: Runner, terms: Terms) -> None:
        self._builds = builds
        self._logs = logs
        self._runner = runner
        self._terms = terms
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._stops: dict[str, Stop] = {}
        self._draining = threading.Event()

    @property
    def running(self) -> int:
        """How many builds run."""
        return len(self._stops)

    def do_one(self) -> bool:
        """Do the next build to its end; False, and nothing was done, where none waits.

        Raises DatabaseError where there is no claiming.
        """
        if self._draining.is_set():
            return False
        owner = f"{self._worker}/{secrets.token_hex(4)}"
        claim = self._builds.claim(owner, self._terms.lease)
        if claim is None:
            return False
        stop = self._stops[owner] = Stop()
        try:
            if self._draining.is_set():
                stop.ask(Why.DRAINED)
            self._do(claim, stop)
        finally:
            del self._stops[owner]
        return True

    def drain(self) -> None:
        """Take no more builds, and stop those that run: they are given back."""
        self._draining.set()
        for stop in list(self._stops.values()):
            stop.ask(Why.DRAINED)

    def settle(self, build: Build) -> None:
        """Do what is done after a build's end; where it fails a sweep does it again."""
        try:
            self._runner.ended(build)
            self._builds.settle(build.id)
        except Exception:  # noqa: BLE001 # whatever it was: other builds go on
            _LOG.exception("what is done after build %s failed", build.id)

    def _do(self, claim: Claim, stop: Stop) -> None:
        with kept(self._builds, claim, stop, self._terms):
            outcome = self._run(claim, stop)
            ours = self._surely(lambda: self._write(claim, outcome))
        if not ours:
            _LOG.warning("build %s was taken from this worker", claim.build.id)
            return
        build = self._surely(lambda: self._builds.get(claim.build.id))
        if build is not None and build.state.final:
            self.settle(build)

    def _run(self, claim: Claim, stop: Stop) -> Ending | Again:
        """Run a build; whether the log can be written does not decide how it ends."""
        outcome: Ending | Again | None = None
        try:
            with closing(self._logs.writer(claim.build.id, claim.attempt)) as log:
                outcome = self._attempt(claim, log, stop)
                if isinstance(outcome, Again):
                    log.say(outcome.why, "warning")
        except Exception as error:  # noqa: BLE001 # whatever it was: other builds go on
            _LOG.exception("the log of build %s", claim.build.id)
            return outcome or self._of_trouble(claim, error)
        return outcome

    def _attempt(self, claim: Claim, log: BuildLog, stop: Stop) -> Ending | Again:
        outcome: Ending | Again
        try:
            outcome = self._runner.run(claim.build, log, stop)
        except Exception as error:  # noqa: BLE001 # see Runner.run
            _LOG.exception("build %s failed in attempt %d", claim.build.id, claim.attempt)
            outcome = self._of_trouble(claim, error)
        if isinstance(outcome, Ending) and outcome.state is State.SUCCEEDED:
            return outcome
        match stop.why:
            case Why.CANCELLED:
                return Ending(state=State.CANCELLED, message="cancelled while it ran")
            case Why.TIMED_OUT:
                message = f"it took longer than {self._terms.longest:.0f} s in all"
                return Ending(state=State.TIMED_OUT, message=message)
            case Why.DRAINED:
                return Again(why="this worker stops; the build waits for another one")
            case Why.LOST | None:
                return outcome

    def _of_trouble(self, claim: Claim, error: Exception) -> Ending | Again:
        name = type(error).__name__  # the text may hold what is not for everybody
        if claim.attempt >= self._terms.attempts:
            message = f"trouble of the service in {claim.attempt} attempts, the last: {name}"
            return Ending(state=State.ERROR, message=message)
        delay = _AGAIN_SECONDS * 2 ** (claim.attempt - 1)
        why = f"trouble of the service ({name}); it is tried again in {delay:.0f} s"
        return Again(why=why, counted=True, delay=delay)

    def _write(self, claim: Claim, outcome: Ending | Again) -> bool:
        if isinstance(outcome, Ending):
            return self._builds.finish(claim, outcome)
        return self._builds.give_back(claim, counted=outcome.counted, delay=outcome.delay)

    def _surely(self, call: Callable[[], T]) -> T:
        """Call until the database is there; a worker that stops does not wait for that."""
        while True:
            try:
                return call()
            except DatabaseError as error:
                _LOG.warning("%s; trying again", error)
                if self._draining.wait(_DATABASE_SECONDS):
                    raise
