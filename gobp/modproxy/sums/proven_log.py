"""The log of a checksum database as far as it was proven to this server.

As golang.org/x/mod/sumdb does for a go command: every signed tree head that is seen must be a
state of one and the same log, and every record must be in the newest of them.
"""

import asyncio
from collections.abc import Callable, Iterable

from gobp.golang.note import NoteError, Verifier, open_note
from gobp.golang.sumdb import parse_tree_head, split_lookup
from gobp.golang.tlog import (
    ProofError,
    Tile,
    Tree,
    prove_inclusion,
    prove_prefix,
    record_hash,
    tiles_of,
)
from gobp.modproxy.protocol.requests import SumdbFile
from gobp.modproxy.sources.source import NotFoundError, SourceError, UnavailableError
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.tree.module_tree import OWN

_MOST_HEADS = 10_000
_MOST_TILES = 256  # of 8 KiB each
_ReadTile = Callable[[str], bytes]


class ProvenLog:
    """Proves the answers of one database.

    The newest tree head is remembered in the tree, so that no other history is believed later.
    """

    def __init__(self, verifier: Verifier, files: DatabaseFiles) -> None:
        self._verifier = verifier
        self._files = files
        self._remembered = files.tree.root / OWN / "sumdb" / verifier.name / "latest"
        self._newest: Tree | None = None
        self._heads: set[str] = set()
        self._tiles: dict[str, bytes] = {}
        self._turn = asyncio.Lock()

    async def lines(self, lookup: bytes) -> tuple[str, ...]:
        """Return the go.sum lines of an answer to a lookup, once they are proven.

        Raises NoteError and ProofError for what does not hold, SourceError where tiles cannot
        be had.
        """
        index, record, note = split_lookup(lookup)
        tree = await self._seen(note)
        leaf = record_hash(record.encode())
        await self._with_tiles(
            tiles_of(tree.size, index), lambda read: prove_inclusion(tree, index, leaf, read)
        )
        return tuple(record.splitlines())

    async def _seen(self, note: str) -> Tree:
        """Return the newest tree head, in whose log that of ``note`` is shown to be."""
        async with self._turn:
            if self._newest is None:
                self._newest = await self._begun()
            if self._newest is None or note not in self._heads:
                self._newest = await self._merged(note, self._newest)
            return self._newest

    async def _begun(self) -> Tree | None:
        """Return the tree head that is remembered, or else the database's latest.

        None where there is neither: the first lookup has a tree head too.
        """
        try:
            return await self._merged(self._remembered.read_text(encoding="utf-8"), None)
        except (FileNotFoundError, UnicodeDecodeError, NoteError):  # NoteError: of another key
            pass
        try:
            content, _ = await self._files.read(SumdbFile(self._verifier.name, "latest"))
            return await self._merged(content.decode("utf-8", "replace"), None)
        except (SourceError, NoteError):
            return None

    async def _merged(self, note: str, newest: Tree | None) -> Tree:
        """Return the newer one of two tree heads, after it is shown to continue the older."""
        tree = parse_tree_head(open_note(note, self._verifier))
        if newest is not None:
            older, newer = sorted((tree, newest), key=lambda each: each.size)
            await self._with_tiles(
                tiles_of(newer.size, older.size), lambda read: prove_prefix(older, newer, read)
            )
        if len(self._heads) >= _MOST_HEADS:
            self._heads.clear()
        self._heads.add(note)
        if newest is not None and newest.size >= tree.size:
            return newest
        await asyncio.to_thread(self._files.tree.replace, self._remembered, note.encode())
        return tree

    async def _with_tiles(self, tiles: Iterable[Tile], prove: Callable[[_ReadTile], None]) -> None:
        """Run a proof on tiles, which are all fetched at once; those that prove nothing go."""
        paths = [tile.path for tile in tiles]
        contents = dict(zip(paths, await asyncio.gather(*map(self._tile, paths)), strict=True))
        try:
            prove(contents.__getitem__)
        except ProofError:
            for path in paths:
                self._tiles.pop(path, None)
                self._files.forget(SumdbFile(self._verifier.name, path))
            raise
        for path, content in contents.items():
            self._tiles.pop(path, None)  # so that those that are used most stay
            self._tiles[path] = content
        while len(self._tiles) > _MOST_TILES:
            del self._tiles[next(iter(self._tiles))]

    async def _tile(self, path: str) -> bytes:
        known = self._tiles.get(path)
        if known is not None:
            return known
        try:
            content, _ = await self._files.read(SumdbFile(self._verifier.name, path))
        except NotFoundError as error:  # it is the database that is broken
            raise UnavailableError(f"{self._verifier.name}/{path}: {error.text}") from None
        return content
