"""The table of builds as the other parts see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gobp.buildservice.builds.build import Build, Ending, Reason, State
from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.state.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A build that is asked for. ``key`` as of key_of; ``who`` is a token's name or an address."""

    key: str
    order: Order
    pin: Pin
    who: str
    reason: Reason = Reason.REQUEST
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Requested:
    """The build that answers a request; ``new`` says that it was not there before."""

    build: Build
    new: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A build that a worker has now: it is ``owner``'s as long as attempt and owner are these."""

    build: Build
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Renewed:
    """Whether a worker still has its build, and whether somebody wants it to be cancelled."""

    ours: bool
    cancel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which builds are listed; "" and None are for all. ``text`` is a part of the repository."""

    repository: str = ""
    text: str = ""
    state: State | None = None
    who: str = ""
    version: str = ""
    goos: str = ""
    goarch: str = ""


class Builds(Protocol):
    """All builds. Methods may wait for the disk or the network: call them in threads.

    They raise DatabaseError where the database cannot be reached.
    """

    def request(
        self, request: Request, /, *, also: Callable[[Transaction], object] | None = None
    ) -> Requested:
        """Return the build of a key that waits, runs or has succeeded; else queue a new one.

        Of any number of requests at the same time, in any number of processes, one is the first.
        ``also`` is done in the transaction that queues a new one.
        """
        ...

    def get(self, build_id: str, /) -> Build | None:
        """Return a build by its id."""
        ...

    def of_key(self, key: str, /) -> Build | None:
        """Return the build of a key that waits, runs or has succeeded; else the last one."""
        ...

    def listed(self, which: Filter, /, *, before: str = "", limit: int = 50) -> list[Build]:
        """Return builds, the newest first, from the one before the id ``before`` on."""
        ...

    def claim(self, owner: str, lease: float, /) -> Claim | None:
        """Give the next build to a worker for ``lease`` seconds, or None; use an owner once.

        Next is what waits, or has lost its worker (its lease is over): of higher priority first,
        then of who has fewer builds running, then the oldest. A build that was given too often
        is not given again, and ends as error with the next sweep.
        """
        ...

    def renew(self, claim: Claim, lease: float, /) -> Renewed:
        """Give a worker ``lease`` seconds more, if the build is still its own."""
        ...

    def finish(self, claim: Claim, ending: Ending, /) -> bool:
        """End a build; False, and nothing happened, if it is another's by now.

        Asking again after a DatabaseError does no harm.
        """
        ...

    def give_back(self, claim: Claim, /, *, counted: bool = False, delay: float = 0.0) -> bool:
        """Queue a build again, to be given to a worker in ``delay`` seconds at the earliest.

        The attempt is not ``counted`` where the worker only stops. A build that somebody wanted to
        be cancelled is cancelled instead. False, and nothing happened, if it is another's by now.
        """
        ...

    def cancel(self, build_id: str, /) -> Build | None:
        """Cancel what waits; ask for it of what runs. Return the build as it is then."""
        ...

    def sweep(self, *, queue_seconds: float) -> list[Build]:
        """End what waits too long (expired) and what lost its worker too often (error)."""
        ...

    def unsettled(self, seconds: float, /) -> list[Build]:
        """Return builds that ended so many seconds ago, or earlier, and are not settled."""
        ...

    def settle(self, build_id: str, /) -> None:
        """Take note that all was done that is done after a build's end (see Runner.ended)."""
        ...

    def pin(self, build_id: str, /, *, pinned: bool) -> Build | None:
        """Keep a build from being removed, or no more."""
        ...

    def remove(self, build_ids: list[str], /) -> int:
        """Forget builds that are over and not pinned; return how many were."""
        ...

    def counts(self) -> dict[State, int]:
        """Return how many builds are in each state."""
        ...

    def waiting_of(self, who: str, /) -> tuple[int, int]:
        """Return how many builds somebody has waiting and running."""
        ...
