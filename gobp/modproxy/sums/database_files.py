"""Checksum databases for clients: each file is asked for once, and kept in the tree."""

import asyncio
import time
from pathlib import Path

from gobp.modproxy.protocol.answers import BYTES, TEXT, Answer, Keep, Origin, failure, found
from gobp.modproxy.protocol.requests import SumdbFile
from gobp.modproxy.sources.source import NotFoundError, SourceError, SumdbSource
from gobp.modproxy.tree.module_tree import ModuleTree

_LATEST_SECONDS = 60.0


class DatabaseFiles:
    """Files of the databases ``proxied``, from the tree or else from the source."""

    def __init__(self, tree: ModuleTree, source: SumdbSource, proxied: frozenset[str]) -> None:
        self._tree = tree
        self._source = source
        self._proxied = proxied

    async def answer(self, request: SumdbFile, *, cached_only: bool) -> Answer:
        """Return the answer to a client. Raises SourceError."""
        if request.database not in self._proxied:
            return failure(404, f"the checksum database {request.database} is not proxied here")
        if request.file == "supported":
            return found(TEXT, b"", Keep.A_DAY)
        content, origin = await self.read(request, cached_only=cached_only)
        kind = BYTES if request.file.startswith("tile/") else TEXT
        keep = Keep.A_MINUTE if request.file == "latest" else Keep.FOR_EVER
        return found(kind, content, keep, origin)

    async def read(self, request: SumdbFile, *, cached_only: bool = False) -> tuple[bytes, Origin]:
        """Return a file and where it came from. Raises SourceError."""
        path = self._tree.root / request.path
        known = _content(path)
        fresh = request.file != "latest" or _age(path) < _LATEST_SECONDS
        if known is not None and (fresh or cached_only):
            return known, Origin.TREE
        if cached_only:
            raise NotFoundError(f"{request.path} is temporarily unavailable: it is not cached")
        try:
            content = await self._source.read(request.database, request.file)
        except SourceError:
            if known is None:
                raise
            return known, Origin.STALE
        await asyncio.to_thread(self._tree.replace, path, content)
        return content, Origin.FETCHED


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
