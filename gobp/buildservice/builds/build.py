"""A build: its order, how it is going, and what came of it."""

from enum import StrEnum

from msgspec import Struct

from gobp.buildservice.builds.order import Order, Pin


class State(StrEnum):
    """Where a build is on its way; all but the first two are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the recipe says so: the source does not build
    ERROR = "error"  # the service could not build it, through no fault of the source
    TIMED_OUT = "timed_out"  # it took longer than a build may
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # it waited longer than it may

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self not in {State.QUEUED, State.RUNNING}


class Reason(StrEnum):
    """Why a build was asked for."""

    REQUEST = "request"
    WEBHOOK = "webhook"
    RETRY = "retry"


class Artifact(Struct, frozen=True, kw_only=True):
    """A file that a build gave: ``name`` as it is downloaded, sha256 in hex, ``size`` in bytes.

    ``kind`` is archive, sbom, provenance, image or sums; ``media_type`` that of HTTP.
    """

    name: str
    kind: str
    sha256: str
    size: int
    media_type: str


class Build(Struct, frozen=True, kw_only=True):
    """A build as it is now. Times are seconds of the epoch, 0.0 for what has not happened.

    ``id`` is 32 hex digits that sort by time; ``key`` is what it is one of a kind by; ``who`` asked
    first; a build of higher ``priority`` goes first. ``owner`` and ``attempt`` fence out a worker
    that lost it. ``message`` says in one line how it ended. ``dependencies`` are the modules that
    were really fetched, as ``path@version h1:...``. ``pinned`` keeps it from being removed.
    """

    id: str
    key: str
    order: Order
    pin: Pin
    state: State
    reason: Reason
    who: str
    priority: int
    created: float
    started: float = 0.0
    ended: float = 0.0
    attempt: int = 0
    owner: str = ""
    lease_until: float = 0.0
    cancel_asked: bool = False
    message: str = ""
    artifacts: tuple[Artifact, ...] = ()
    dependencies: tuple[str, ...] = ()
    pinned: bool = False

    @property
    def repository(self) -> str:
        """What is built, as people call it."""
        return self.order.source.name


class Ending(Struct, frozen=True, kw_only=True):
    """How a build ended: a final state, why, and what it gave."""

    state: State
    message: str = ""
    artifacts: tuple[Artifact, ...] = ()
    dependencies: tuple[str, ...] = ()
