"""Storage behind the local trees, which several nodes may share."""

from typing import Protocol

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.tree.module_tree import ModuleTree


class Backing(Protocol):
    """Keeps what the trees have, for other nodes and for later."""

    async def load(self, file: ModuleFile, tree: ModuleTree, /) -> bool:
        """Bring a file to the tree; return False if the storage does not have it.

        Raises SourceError.
        """
        ...

    def expect(self, file: ModuleFile, tree: ModuleTree, /) -> None:
        """Note, so that a crash does not lose it, that a file is about to appear in the tree."""
        ...

    async def store(self, file: ModuleFile, tree: ModuleTree, /) -> None:
        """Store a file that was expected and has appeared; what cannot be done now, do later."""
        ...

    async def versions(self, module: str, tree: ModuleTree, /) -> tuple[str, ...]:
        """Return the tagged versions that it has files of, by precedence. Raises SourceError."""
        ...

    async def url(self, file: ModuleFile, tree: ModuleTree, /) -> str:
        """Return where clients may get a large file from the storage itself, "" if nowhere."""
        ...

    async def close(self) -> None:
        """Let go of connections; what is not stored yet is stored after the next start."""
        ...


class NoBacking:
    """There is only the local disk."""

    async def load(self, *_: object) -> bool:
        """See Backing.load."""
        return False

    def expect(self, *_: object) -> None:
        """See Backing.expect."""

    async def store(self, *_: object) -> None:
        """See Backing.store."""

    async def versions(self, *_: object) -> tuple[str, ...]:
        """See Backing.versions."""
        return ()

    async def url(self, *_: object) -> str:
        """See Backing.url."""
        return ""

    async def close(self) -> None:
        """See Backing.close."""
