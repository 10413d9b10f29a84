"""Have in the tree what the checksum database says of versions, so that it need not be asked.

Lookups that were made at different times have different signed trees, and a client that has seen
one wants proof that the next one continues it: tiles that only the database has. So all lookups
of the tree get the newest signed tree, which is as good an answer, and the tiles for it are
fetched, and for older trees that clients may have seen here. Nothing is renewed where all lookups
have one tree already.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gobp.golang.note import NoteError, Verifier, open_note
from gobp.golang.sumdb import lookup_path, parse_tree_head
from gobp.golang.tlog import ProofError, Tile, Tree, prove_inclusion, record_hash
from gobp.modproxy.commands.fetch import Fetching, UnfetchedError, each_at_once
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.sums_needed import (
    Lookup,
    known_heads,
    lookups_in,
    needed_tiles,
    remember_heads,
)
from gobp.modproxy.protocol.requests import SumdbFile
from gobp.modproxy.tree.module_tree import ModuleTree

_ASK = "run the command again; clients that verify these versions ask the database meanwhile."


@dataclass(frozen=True, slots=True)
class MirroredSums:
    """How many versions can be verified by the tree alone; ``problems`` are about lookups."""

    versions: int
    problems: tuple[Problem, ...] = ()


async def mirror_sums(
    fetching: Fetching,
    tree: ModuleTree,
    verifier: Verifier,
    versions: Collection[tuple[str, str]],
    progress: Progress,
) -> MirroredSums:
    """Fetch what the database says of versions, and what proves it. Raises nothing of sources."""
    database = verifier.name
    names = sorted(lookup_path(module, version) for module, version in versions)
    progress.begin("asking the checksum database", len(names))
    _, problems = await each_at_once(
        lambda name: fetching.small(SumdbFile(database, name)), names, progress
    )
    lookups = dict(lookups_in(tree, database))
    newest = await _newest(fetching, {lookup.note for lookup in lookups.values()}, verifier)
    if newest is None:
        return MirroredSums(0, tuple(problems))
    seen = {*known_heads(tree, database), *(lookup.size for lookup in lookups.values())}
    heads = {head for head in seen if head <= newest.tree.size}
    renewed = {name: old.under(newest.note, newest.tree.size) for name, old in lookups.items()}
    needed = needed_tiles(renewed.values(), heads)
    tiles = await _tiles(fetching, database, needed, progress)
    proven, doubts = await asyncio.to_thread(_proven, renewed, newest.tree, tiles)
    changed = {name: renewed[name] for name in proven if lookups[name] != renewed[name]}
    await asyncio.to_thread(_write, tree, database, changed, newest.note)
    remember_heads(tree, database, {*heads, newest.tree.size})
    return MirroredSums(len(proven.intersection(names)), (*problems, *doubts))


@dataclass(frozen=True, slots=True)
class _Head:
    """A tree that the database has signed."""

    note: str
    tree: Tree


async def _newest(fetching: Fetching, notes: AbstractSet[str], verifier: Verifier) -> _Head | None:
    """Return the newest tree head: the one that all lookups have, or else the latest there is."""
    candidates = set(notes)
    if len(notes) > 1:
        with contextlib.suppress(UnfetchedError, UnicodeDecodeError):
            candidates.add((await fetching.small(SumdbFile(verifier.name, "latest"))).decode())
    heads = []
    for note in candidates:
        with contextlib.suppress(NoteError):  # somebody else has signed it
            heads.append(_Head(note, parse_tree_head(open_note(note, verifier))))
    return max(heads, key=lambda head: head.tree.size, default=None)


async def _tiles(
    fetching: Fetching, database: str, needed: Iterable[Tile], progress: Progress
) -> dict[str, bytes]:
    """Return the tiles that can be had, by their paths."""
    tiles = sorted(needed)
    progress.begin("fetching proofs", len(tiles))

    async def one(tile: Tile) -> tuple[str, bytes]:
        try:
            return tile.path, await fetching.small(SumdbFile(database, tile.path))
        except UnfetchedError:
            return tile.path, b""  # the proof that needs it says so

    found, _ = await each_at_once(one, tiles, progress)
    return dict(found)


def _proven(
    lookups: Mapping[str, Lookup], tree: Tree, tiles: Mapping[str, bytes]
) -> tuple[frozenset[str], list[Problem]]:
    """Return the lookups whose records are in the tree by the tiles, and a problem for others."""
    proven, doubts = set(), []
    for name, lookup in lookups.items():
        try:
            leaf = record_hash(lookup.record.encode())
            prove_inclusion(tree, lookup.index, leaf, lambda path: tiles.get(path, b""))
        except ProofError as error:
            doubts.append(Problem(name, f"the database's answer is not proven: {error}", _ASK))
        else:
            proven.add(name)
    return frozenset(proven), doubts


def _write(tree: ModuleTree, database: str, lookups: Mapping[str, Lookup], note: str) -> None:
    for name, lookup in lookups.items():
        tree.replace(tree.root / SumdbFile(database, name).path, bytes(lookup))
    tree.replace(tree.root / SumdbFile(database, "latest").path, note.encode())
    tree.publish_bytes(b"", tree.root / SumdbFile(database, "supported").path)
