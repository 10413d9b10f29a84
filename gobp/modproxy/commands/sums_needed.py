"""Which files of a checksum database a client needs to verify versions without the database.

A client believes a lookup when tiles lead from its record to a signed tree, and when trees that
it sees are each the beginning of the next (https://go.dev/design/25530-sumdb).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gobp.golang.note import NoteError
from gobp.golang.sumdb import lookup_path, parse_tree_head, split_lookup
from gobp.golang.tlog import Tile, tiles_of
from gobp.modproxy.protocol.requests import SumdbFile
from gobp.modproxy.tree.module_tree import OWN, ModuleTree

_MOST_HEADS = 200


@dataclass(frozen=True, slots=True)
class Lookup:
    """An answer of a database: the record's number and text, and a signed tree of some size."""

    index: int
    record: str
    note: str
    size: int

    @classmethod
    def parse(cls, content: bytes) -> "Lookup":
        """Return the answer in a file, whose signature is not checked here. Raises NoteError."""
        index, record, note = split_lookup(content)
        return cls(index, record, note, parse_tree_head(note.rpartition("\n\n")[0] + "\n").size)

    def under(self, note: str, size: int) -> "Lookup":
        """Return the same record with another signed tree, of so many records."""
        return Lookup(self.index, self.record, note, size)

    def __bytes__(self) -> bytes:
        return f"{self.index}\n{self.record}\n{self.note}".encode()


def needed_tiles(lookups: Collection[Lookup], heads: Iterable[int] = ()) -> frozenset[Tile]:
    """Return the tiles for clients that read these lookups in any order.

    ``heads`` are the sizes of trees that clients have seen before.
    """
    if not lookups:
        return frozenset()
    newest = max(lookup.size for lookup in lookups)
    needed: set[Tile] = set()
    for lookup in lookups:
        for size in {lookup.size, newest}:
            needed |= tiles_of(size, lookup.index)
    for head in {*heads, *(lookup.size for lookup in lookups)}:
        if head < newest:
            needed |= tiles_of(newest, head)
    return frozenset(needed)


def known_heads(tree: ModuleTree, database: str) -> tuple[int, ...]:
    """Return the sizes of the database's trees that lookups had before they had the newest."""
    try:
        words = _heads_file(tree, database).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return ()
    return tuple(int(word) for word in words if word.isdecimal())


def remember_heads(tree: ModuleTree, database: str, sizes: Iterable[int]) -> None:
    """Remember sizes of trees, the newest of them."""
    heads = sorted({*known_heads(tree, database), *sizes})[-_MOST_HEADS:]
    tree.replace(_heads_file(tree, database), "".join(f"{head}\n" for head in heads).encode())


def needed_sums(
    tree: ModuleTree, versions: Iterable[tuple[str, str]]
) -> Iterator[tuple[SumdbFile, Path]]:
    """Yield the files of all databases in a tree that clients need for versions, sorted.

    In place of a tile that is not full the tree may have it as it was later: clients take that.
    """
    chosen = sorted(versions)
    for database in databases_in(tree):
        found: dict[str, Lookup] = {}
        for module, version in chosen:
            name = lookup_path(module, version)
            lookup = read_lookup(tree, database, name)
            if lookup is not None:
                found[name] = lookup
        tiles = needed_tiles(list(found.values()), known_heads(tree, database))
        names = {"supported", "latest", *found} if found else set()
        names.update(path for tile in tiles for path in (tile.path, tile.whole.path))
        for name in sorted(names):
            file = SumdbFile(database, name)
            path = tree.root / file.path
            if path.is_file():
                yield file, path


def read_lookup(tree: ModuleTree, database: str, name: str) -> Lookup | None:
    """Return an answer that the tree holds, None if it does not, or it is damaged."""
    try:
        return Lookup.parse((tree.root / SumdbFile(database, name).path).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, NoteError):
        return None


def lookups_in(tree: ModuleTree, database: str) -> Iterator[tuple[str, Lookup]]:
    """Yield the answers of a database that a tree holds, by their paths, sorted."""
    folder = tree.root / SumdbFile(database, "lookup").path
    for path in sorted(folder.rglob("*")):
        name = f"lookup/{path.relative_to(folder).as_posix()}"
        lookup = read_lookup(tree, database, name)
        if lookup is not None:
            yield name, lookup


def databases_in(tree: ModuleTree) -> tuple[str, ...]:
    """Return the names of the databases that a tree holds lookups of."""
    root = tree.root / "sumdb"
    folders = sorted(path.parent for path in root.glob("**/lookup") if path.is_dir())
    return tuple(folder.relative_to(root).as_posix() for folder in folders)


def _heads_file(tree: ModuleTree, database: str) -> Path:
    return tree.root / OWN / "heads" / database
