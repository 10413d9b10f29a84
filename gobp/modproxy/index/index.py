"""The index of a proxy's modules: what it can tell, and what it is told.

All of it but the use of modules can be made anew from the trees, so losing it loses no module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.trees import Trees

Visible = Callable[[str], bool]
"""Says whether whoever asks may know of a module."""


class IndexUnavailableError(Exception):
    """The index cannot be read or written now; modules are served all the same."""


@dataclass(frozen=True, slots=True)
class Published:
    """A file that is in a tree since ``when`` (seconds of the epoch); ``size`` is in bytes.

    ``h1`` is the hash of a zip as in go.sum, "" of other files and where it is not known.
    """

    file: ModuleFile
    size: int
    private: bool
    when: float
    h1: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """How often ``who`` (a user or an address) was given files of a version, last at ``when``."""

    module: str
    version: str
    who: str
    origin: Origin
    count: int
    when: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the feed; ``listed`` is in microseconds of the epoch, another for each entry.

    ``number`` grows with each new version.
    """

    number: int
    module: str
    version: str
    listed: int


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked for a version: how often, and last when (seconds of the epoch)."""

    who: str
    uses: int
    last_used: float


@dataclass(frozen=True, slots=True)
class Version:
    """What is known of a version; times in seconds of the epoch, sizes in bytes.

    ``last_used`` is 0 for one that was never used. ``sizes`` has the files that are in a tree.
    """

    module: str
    version: str
    private: bool
    published: float
    last_used: float
    uses: int
    sizes: Mapping[Kind, int]
    h1: str
    askers: tuple[Asker, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(self.sizes.values())


@dataclass(frozen=True, slots=True)
class Module:
    """A module in a result of a search; see Version for the units."""

    path: str
    versions: int
    size: int
    last_used: float
    uses: int
    private: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, and how many modules were found (``MOST_FOUND`` may be more)."""

    modules: tuple[Module, ...]
    total: int


MOST_FOUND = 10_000


class Order(StrEnum):
    """What modules that were found are sorted by."""

    NAME = "name"
    USED = "used"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is, and how often answers came from where since the index was made."""

    modules: int
    versions: int
    size: int
    answers: Mapping[Origin, int]


class Index(Protocol):
    """An index that several processes read and write at the same time.

    All methods may be called in any thread, may wait for a disk or a database, and raise
    IndexUnavailableError.
    """

    def prepare(self) -> None:
        """Make the index from the trees, if there is none or what is there is broken."""
        ...

    def published(self, files: Iterable[Published]) -> None:
        """Take note of files that are new in a tree; one that is known keeps its time."""
        ...

    def used(self, uses: Sequence[Use]) -> None:
        """Take note of the use of versions; of those that are not known only the totals."""
        ...

    def remove(self, files: Iterable[ModuleFile]) -> None:
        """Forget files that are no longer in any tree, and versions without files."""
        ...

    def rebuild(self, trees: Trees, *, forget: bool) -> None:
        """Take note of all files in the trees, in one step: if it is interrupted, nothing changes.

        With ``forget`` other files are forgotten: not for an index that nodes with trees of their
        own share. What is known of the use of versions stays. Raises OSError where a tree cannot
        be read.
        """
        ...

    def feed(self, since: int, limit: int, visible: Visible) -> list[Entry]:
        """Return versions as they came, from those listed at ``since`` (microseconds) on."""
        ...

    def catalog(self, after: int, limit: int, visible: Visible) -> list[Entry]:
        """Return versions by their numbers, those after a number."""
        ...

    def recent(self, limit: int, visible: Visible) -> list[Entry]:
        """Return the versions that came last, the newest first."""
        ...

    def search(self, text: str, visible: Visible, *, order: Order, start: int, limit: int) -> Found:
        """Return modules whose path has ``text`` in it, in whatever case, from the start-th on."""
        ...

    def module(self, path: str) -> list[Version]:
        """Return all versions of a module, the highest first; none for an unknown module."""
        ...

    def versions(self) -> Iterator[Version]:
        """Yield all versions in the order of their numbers, without who asked for them."""
        ...

    def last_used(self, module: str, version: str) -> float:
        """Return when a version was used last, or else published; 0 if it is not known."""
        ...

    def totals(self) -> Totals:
        """Return how much there is."""
        ...

    def close(self) -> None:
        """Let go of connections; the next call makes new ones."""
        ...
