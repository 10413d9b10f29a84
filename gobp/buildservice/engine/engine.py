"""What brings builds to workers."""

from typing import Protocol

from gobp.buildservice.builds.build import Build, Ending
from gobp.buildservice.logs.log import BuildLog
from gobp.buildservice.state.builds import Request, Requested


class Stopping(Protocol):
    """Says whether a build is to end before its time (threading.Event is one)."""

    def is_set(self) -> bool:
        """Whether it is."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is, or for so many seconds."""
        ...


class Runner(Protocol):
    """Does a build."""

    def run(self, build: Build, log: BuildLog, stop: Stopping, /) -> Ending:
        """Do a build to its end. It never raises for what the source does wrong.

        An exception is trouble of the service: the build is tried again later, by any worker.
        Whatever it publishes is published by the id of the build, so that it does no harm twice.
        Where it is to stop it ends soon; with what state makes no difference, unless it succeeded.
        The engine closes the log.
        """
        ...

    def ended(self, build: Build, /) -> None:
        """Do what is done after the end of a build, of whatever kind: keep its log, tell of it.

        It is called for each build that ends, by whichever worker; again where it raised, and at
        rare times twice, when a worker dies after it.
        """
        ...


class Engine(Protocol):
    """Takes builds in, and has them done by workers here or elsewhere."""

    def prepare(self) -> None:
        """Make the tables that it needs besides that of builds. Raises UserError, DatabaseError."""
        ...

    def request(self, request: Request, /) -> Requested:
        """Queue a build, or return the one that is there: with its job, or not at all."""
        ...

    def start(self, runner: Runner, slots: int, /) -> None:
        """Begin to work in threads of this process, ``slots`` builds at the same time."""
        ...

    def stop(self, seconds: float, /) -> None:
        """Take no more; wait so long for what runs, then give it back to the queue.

        What does not even stop then is another's when its lease is over.
        """
        ...

    @property
    def running(self) -> int:
        """How many builds run in this process."""
        ...
