"""Which way a module goes: where it comes from, where it is kept, what is not allowed."""

from dataclasses import dataclass
from typing import Protocol

from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.settings.schema import Mode
from gobp.modproxy.sources.source import Source
from gobp.modproxy.tree.module_tree import ModuleTree


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one module (and version).

    ``trees`` are looked through in order; what is fetched goes to the last. ``upstream`` is the
    URL that clients are sent to in the modes redirect and none.
    """

    source: Source
    trees: tuple[ModuleTree, ...]
    mode: Mode = Mode.SYNC
    private: bool = False
    notarised: bool = True
    upstream: str = ""

    @property
    def tree(self) -> ModuleTree:
        """Where what is fetched goes."""
        return self.trees[-1]


class Router(Protocol):
    """Knows the rules."""

    def route(self, module: str, version: str = "", path: str = "") -> Route | Answer:
        """Return the way of a module, or the answer where a rule gives it (denied, hidden, moved).

        Without a version the question is for the list and the like of the module. ``path`` is
        that of the request, where clients that are sent elsewhere go on.
        """
        ...

    def visible(self, module: str, versions: tuple[str, ...]) -> tuple[str, ...]:
        """Return those versions that no rule hides, denies or sends elsewhere, in their order."""
        ...

    def is_private(self, module: str) -> bool:
        """Say whether a module is private, so that its name is for nobody outside."""
        ...

    def refused_lookup(self, module: str, version: str) -> Answer | None:
        """Return the answer to who looks a version up in a checksum database, where he may not."""
        ...
