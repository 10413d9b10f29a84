"""Checksum databases for clients and for the notary: each file is asked for once, then kept."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from gobp.errors import UserError
from gobp.golang.module import unescape_path
from gobp.golang.note import NoteError
from gobp.golang.sumdb import split_lookup
from gobp.golang.tlog import HASH_SIZE, Tile
from gobp.modproxy.protocol.answers import BYTES, TEXT, Answer, Keep, Origin, failure, found
from gobp.modproxy.protocol.requests import SumdbFile
from gobp.modproxy.sources.source import (
    NotFoundError,
    SourceError,
    SumdbSource,
    UnavailableError,
)
from gobp.modproxy.tree.module_tree import ModuleTree

LATEST_SECONDS = 60.0
_TREE_HEAD = b"go.sum database tree\n"


class DatabaseFiles:
    """Files of databases, from the tree or else from the source.

    Clients are given those of the databases ``proxied``, and no lookup of a module that
    ``is_private``: its name does not leave.
    """

    def __init__(
        self,
        tree: ModuleTree,
        source: SumdbSource,
        proxied: frozenset[str],
        *,
        is_private: Callable[[str], bool] = lambda _: False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # What did not get to the disk before a power cut is seen by its length and fetched again.
        self.tree = ModuleTree(tree.root, durable=False)
        self._source = source
        self._proxied = proxied
        self._is_private = is_private
        self._clock = clock
        self._reading: dict[SumdbFile, asyncio.Task[bytes]] = {}

    async def answer(self, request: SumdbFile, *, cached_only: bool) -> Answer:
        """Return the answer to a client. Raises SourceError."""
        if request.database not in self._proxied:
            return failure(404, f"the checksum database {request.database} is not proxied here")
        if request.file == "supported":
            return found(TEXT, b"", Keep.A_DAY)
        module = _module_of(request)
        if module and self._is_private(module):
            return failure(
                403, f"{module} is private: no checksum database is asked about it (GONOSUMDB)"
            )
        content, origin = await self.read(request, cached_only=cached_only)
        kind = BYTES if request.file.startswith("tile/") else TEXT
        keep = Keep.A_MINUTE if request.file == "latest" else Keep.FOR_EVER
        return found(kind, content, keep, origin)

    async def read(self, request: SumdbFile, *, cached_only: bool = False) -> tuple[bytes, Origin]:
        """Return a file and where it came from. Raises SourceError."""
        known = self._stored(request)
        if known is not None and (cached_only or not self._is_old(request)):
            return known, Origin.TREE
        if cached_only:
            raise NotFoundError(f"{request.path} is temporarily unavailable: it is not cached")
        try:
            return await self._read_once(request), Origin.FETCHED
        except SourceError:
            if known is None:
                raise
            return known, Origin.STALE

    def forget(self, request: SumdbFile) -> None:
        """Remove a file that turned out to be wrong, so that it is asked for again."""
        self._path_of(request).unlink(missing_ok=True)

    async def _read_once(self, request: SumdbFile) -> bytes:
        """Fetch a file; whoever asks for it meanwhile is given the same."""
        task = self._reading.get(request)
        if task is None:
            task = asyncio.ensure_future(self._fetch(request))
            self._reading[request] = task
            task.add_done_callback(lambda done: self._end(request, done))
        return await asyncio.shield(task)

    def _end(self, request: SumdbFile, task: "asyncio.Task[bytes]") -> None:
        del self._reading[request]
        if not task.cancelled():
            task.exception()  # it was seen: nobody may have waited

    async def _fetch(self, request: SumdbFile) -> bytes:
        try:
            content = await self._source.read(request.database, request.file)
        except NotFoundError:
            whole = _whole_tile(request)
            if whole is None:
                raise
            content, _ = await self.read(whole)
            return _cut(content, request)
        if not is_well_formed(request, content):
            raise UnavailableError(f"{request.path}: the answer is no such file of a database")
        await asyncio.to_thread(self.tree.replace, self._path_of(request), content)
        return content

    def _stored(self, request: SumdbFile) -> bytes | None:
        """Return what the tree has of a file, or of the whole tile that it is a part of."""
        content = _content(self._path_of(request))
        if content is not None and is_well_formed(request, content):
            return content
        whole = _whole_tile(request)
        stored = self._stored(whole) if whole is not None else None
        return _cut(stored, request) if stored is not None else None

    def _is_old(self, request: SumdbFile) -> bool:
        if request.file != "latest":
            return False
        try:
            changed = self._path_of(request).stat().st_mtime
        except FileNotFoundError:
            return True
        return self._clock() - changed >= LATEST_SECONDS

    def _path_of(self, request: SumdbFile) -> Path:
        return self.tree.root / request.path


def is_well_formed(request: SumdbFile, content: bytes) -> bool:
    """Say whether bytes may be the file: a whole tile, an answer to a lookup, a tree head.

    What they say is proven by who uses them.
    """
    if request.file == "latest":
        return content.startswith(_TREE_HEAD)
    if request.file.startswith("lookup/"):
        return _is_lookup(content)
    tile = Tile.parse(request.file)
    return tile is None or len(content) == tile.width * HASH_SIZE


def _is_lookup(content: bytes) -> bool:
    try:
        split_lookup(content)
    except NoteError:
        return False
    return content.endswith(b"\n")


def _whole_tile(request: SumdbFile) -> SumdbFile | None:
    """Return the whole tile of a part of one, None for all else."""
    tile = Tile.parse(request.file)
    if tile is None or tile == tile.whole:
        return None
    return SumdbFile(request.database, tile.whole.path)


def _cut(whole: bytes, request: SumdbFile) -> bytes:
    tile = Tile.parse(request.file)
    return whole[: tile.width * HASH_SIZE] if tile is not None else whole


def _module_of(request: SumdbFile) -> str:
    """Return the module that a lookup names, "" for other files."""
    escaped, at, _ = request.file.removeprefix("lookup/").partition("@")
    try:
        return unescape_path(escaped) if at else ""
    except UserError:
        return ""


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
