"""The trees of one proxy, below its root folder."""

from dataclasses import dataclass
from pathlib import Path

from gobp.modproxy.tree.module_tree import ModuleTree


@dataclass(frozen=True, slots=True)
class Trees:
    """``public`` is a cache of what everybody has, and may be thrown away or shown to anybody.

    ``private`` holds what private sources gave and what was published here. ``published`` is the
    checkout of a git repository, changed only as a whole; without such a repository it is empty.
    """

    public: ModuleTree
    private: ModuleTree
    published: ModuleTree

    @classmethod
    def below(cls, root: Path, *, durable: bool = True) -> "Trees":
        """Return the trees of a root folder, whose folders are made when they are needed."""
        return cls(
            ModuleTree(root / "public", durable=durable),
            ModuleTree(root / "private", durable=True),
            ModuleTree(root / "published", durable=True),
        )

    def prepare(self) -> None:
        """Make the folders that are written to."""
        self.public.prepare()
        self.private.prepare()
