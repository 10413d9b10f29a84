"""Verify the files of checksum databases that a tree holds."""

import os
from collections.abc import Iterator
from pathlib import Path

from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.golang.tlog import HASH_SIZE, TILE_HEIGHT, Tile, node_hash
from gobp.modproxy.commands.damage import damage_of_sums
from gobp.modproxy.protocol.requests import NotOfTheProtocolError, SumdbFile, parse_request

_WIDTH = 1 << TILE_HEIGHT


def sums_files(folder: Path) -> Iterator[tuple[SumdbFile, Path]]:
    """Yield the files of the databases in a tree's ``sumdb`` folder, sorted, each with its path.

    Files that no client asks for are passed over.
    """
    for parent, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            path = Path(parent, name)
            try:
                request = parse_request(f"sumdb/{path.relative_to(folder).as_posix()}")
            except NotOfTheProtocolError:
                continue
            if isinstance(request, SumdbFile):
                yield request, path


def damaged_sums(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the damaged files below a tree's ``sumdb`` folder, and what is wrong with each.

    A full tile must have the hash that the tile above it has for it, if that is there. That
    lookups are signed and in the log is proven when they are used.
    """
    for file, path in sums_files(folder):
        with path.open("rb") as opened:
            content = opened.read(MOST_GO_MOD_BYTES)
        damage = damage_of_sums(file, content)
        if not damage and file.file.startswith("tile/") and len(content) == _WIDTH * HASH_SIZE:
            damage = _damage_by_parent(folder / file.database, file.file, content)
        if damage:
            yield path, damage


def _damage_by_parent(database: Path, name: str, content: bytes) -> str:
    _, height, level, number = name.split("/", 3)
    if height != str(TILE_HEIGHT):
        return ""
    place = int("".join(part.strip("x") for part in number.split("/")))
    wanted = _hash_in_parent(database, int(level) + 1, place)
    if wanted in {b"", _root(content)}:
        return ""
    return "its hash is not the one that the tile above has for it"


def _hash_in_parent(database: Path, level: int, place: int) -> bytes:
    """Return the hash that a parent tile has for its ``place``-th child, b"" if there is none."""
    number, position = divmod(place, _WIDTH)
    full = database / Tile(level, number, _WIDTH).path
    partial = [path for path in full.with_name(f"{full.name}.p").glob("*") if path.name.isdecimal()]
    wide = [path for path in partial if int(path.name) > position]
    for path in (full, *sorted(wide)):
        if path.is_file():
            return path.read_bytes()[position * HASH_SIZE :][:HASH_SIZE]
    return b""


def _root(tile: bytes) -> bytes:
    """Return the hash of a whole tile: of the tree that its hashes are the leaves of."""
    hashes = [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]
    while len(hashes) > 1:
        hashes = [node_hash(a, b) for a, b in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
