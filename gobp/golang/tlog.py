"""Proofs that a record is in a transparency log (RFC 6962 hashes, served as tiles).

Tiles are described at https://research.swtch.com/tlog#tiling_a_log.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

HASH_SIZE = 32

TILE_HEIGHT = 8  # what every checksum database serves
_TILE_WIDTH = 1 << TILE_HEIGHT
_PATH_BASE = 1000
_TILE_PATH = re.compile(
    rf"tile/{TILE_HEIGHT}/(?P<level>[0-9]{{1,2}})/(?P<number>(?:x[0-9]{{3}}/){{0,6}}[0-9]{{3}})"
    r"(?:\.p/(?P<width>[0-9]{1,3}))?",
    re.ASCII,
)


class ProofError(ValueError):
    """A tile is malformed, or the tiles do not prove what is claimed."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The state of a log: how many records it has, and the hash (32 bytes) of them all."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Up to 256 neighbouring hashes of every eighth level: ``width`` of them from number * 256."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """Where the database serves it: ``tile/8/0/x066/385.p/12``."""
        number, rest = f"{self.number % _PATH_BASE:03}", self.number // _PATH_BASE
        while rest:
            number, rest = f"x{rest % _PATH_BASE:03}/{number}", rest // _PATH_BASE
        partial = "" if self.width == _TILE_WIDTH else f".p/{self.width}"
        return f"tile/{TILE_HEIGHT}/{self.level}/{number}{partial}"

    @property
    def whole(self) -> "Tile":
        """The tile at this place once all its hashes are there."""
        return Tile(self.level, self.number, _TILE_WIDTH)

    @classmethod
    def parse(cls, path: str) -> "Tile | None":
        """Return the tile that is served at a path, None if no tile of hashes is."""
        match = _TILE_PATH.fullmatch(path)
        if match is None:
            return None
        digits = match["number"].replace("x", "").replace("/", "")
        tile = cls(int(match["level"]), int(digits), int(match["width"] or _TILE_WIDTH))
        return tile if tile.path == path and tile.width else None


def record_hash(record: bytes) -> bytes:
    """Return the hash of a record, a leaf of the tree (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def prove_inclusion(tree: Tree, index: int, leaf: bytes, read_tile: Callable[[str], bytes]) -> None:
    """Raise ProofError unless ``leaf`` is the hash of the record ``index`` (from 0) of the tree.

    ``read_tile`` returns the tile at a path such as ``tile/8/0/x066/385.p/12``. Its answers need
    no trust: the root computed from leaf and tiles must be the root of the tree.
    """
    if not 0 <= index < tree.size:
        raise ProofError(f"record {index} is not in a tree of {tree.size} records")
    hashes = _TiledHashes(tree.size, read_tile)
    if hashes.root_with(leaf, index, 0, tree.size) != tree.root:
        raise ProofError(f"the tiles do not lead from record {index} to the signed root")


def prove_prefix(older: Tree, newer: Tree, read_tile: Callable[[str], bytes]) -> None:
    """Raise ProofError unless the records of one tree are the first records of the other.

    ``read_tile`` is as for prove_inclusion; both roots are computed from the same tiles.
    """
    if not 0 < older.size <= newer.size:
        raise ProofError(f"a tree of {newer.size} records has no part of {older.size} records")
    hashes = _TiledHashes(newer.size, read_tile)
    if hashes.roots_with(older.size, 0, newer.size) != (older.root, newer.root):
        raise ProofError(
            f"the trees of {older.size} and of {newer.size} records are not of one log"
        )


def tiles_of(size: int, index: int) -> frozenset[Tile]:
    """Return the tiles that lead from the record ``index`` to the root of a tree of ``size``.

    They are all that a go command reads to check the record. With the size of an older tree as
    the index they are those by which that tree is shown to be the beginning of this one.
    """
    return frozenset(_tiles_above(size, index)) | frozenset(_tiles_above(size, size))


def _tiles_above(size: int, index: int) -> Iterator[Tile]:
    """Yield the tile of each level that stands above a record, where the tree has it."""
    for level in range(size.bit_length() // TILE_HEIGHT + 1):
        number = index >> (TILE_HEIGHT * (level + 1))
        available = (size >> (TILE_HEIGHT * level)) - number * _TILE_WIDTH
        if available > 0:
            yield Tile(level, number, min(available, _TILE_WIDTH))


class _TiledHashes:
    """The hashes of a tree, computed from its tiles; each tile is read once."""

    def __init__(self, size: int, read_tile: Callable[[str], bytes]) -> None:
        self._size = size
        self._read_tile = read_tile
        self._tiles: dict[Tile, bytes] = {}

    def root_with(self, leaf: bytes, index: int, start: int, end: int) -> bytes:
        """Return the hash of the records from start to end, taking ``leaf`` for that at index."""
        if end - start == 1:
            return leaf
        middle = start + _largest_power_of_two_below(end - start)
        if index < middle:
            left, right = self.root_with(leaf, index, start, middle), self._range(middle, end)
        else:
            left, right = self._range(start, middle), self.root_with(leaf, index, middle, end)
        return node_hash(left, right)

    def roots_with(self, cut: int, start: int, end: int) -> tuple[bytes, bytes]:
        """Return the hashes of the records from start to cut, and from start to end."""
        if cut == end:
            whole = self._range(start, end)
            return whole, whole
        middle = start + _largest_power_of_two_below(end - start)
        if cut <= middle:
            part, left = self.roots_with(cut, start, middle)
            return part, node_hash(left, self._range(middle, end))
        left = self._range(start, middle)
        part, right = self.roots_with(cut, middle, end)
        return node_hash(left, part), node_hash(left, right)

    def _range(self, start: int, end: int) -> bytes:
        """Return the hash of the records from start to end, a subtree of the whole."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._complete_subtree(level, start >> level)
        middle = start + _largest_power_of_two_below(count)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _complete_subtree(self, level: int, number: int) -> bytes:
        """Return the hash of the node that stands ``level`` above the leaves, all below it full."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_number, first = divmod(number << height, _TILE_WIDTH)
        data = self._tile(tile_level, tile_number)
        return _root_of(data[first * HASH_SIZE : (first + (1 << height)) * HASH_SIZE])

    def _tile(self, level: int, number: int) -> bytes:
        """Return the hashes of the widest such tile that the tree has."""
        available = (self._size >> (TILE_HEIGHT * level)) - number * _TILE_WIDTH
        tile = Tile(level, number, min(available, _TILE_WIDTH))
        if tile not in self._tiles:
            data = self._read_tile(tile.path)
            if len(data) != tile.width * HASH_SIZE:
                raise ProofError(f"{tile.path} has {len(data)} bytes, not {tile.width} hashes")
            self._tiles[tile] = data
        return self._tiles[tile]


@lru_cache(maxsize=256)  # the tiles near the root and along the end are in every proof
def _root_of(hashes: bytes) -> bytes:
    """Return the hash of the full subtree that stands on these hashes."""
    level = [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [node_hash(left, right) for left, right in pairs]
    return level[0]


def _largest_power_of_two_below(count: int) -> int:
    """Return the largest power of two that is smaller than ``count`` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)
