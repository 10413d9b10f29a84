"""Verify every file of the trees, and put aside what is damaged so that it is fetched again."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gobp.golang.dirhash import go_mod_hash
from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.modproxy.commands.damage import (
    damage_of,
    damage_of_list,
    damage_of_pin,
)
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.show import named_trees
from gobp.modproxy.commands.stored import Stored, all_stored, in_threads, list_what_is_stored
from gobp.modproxy.commands.verify_sums import damaged_sums
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.requests import Kind, ModuleFile, version_folder
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.tree.module_tree import OWN, ModuleTree
from gobp.modproxy.tree.trees import Trees

_REFETCH = "run this command with --fix: it is put aside, and fetched again when it is asked for."
_CHANGED = "its hash is {}; it was {} when it was first seen"
_IN_GIT = "correct it in the repository that the published tree comes from."


@dataclass(frozen=True, slots=True)
class Verified:
    """What was verified: files and their bytes.

    ``pinned`` counts zips whose hash was not known before and is now; ``hashes`` are those that a
    checksum database may be asked about; ``aside`` are the files that were put aside.
    """

    files: int
    size: int
    pinned: int
    problems: tuple[Problem, ...]
    hashes: tuple[tuple[Stored, str], ...] = ()
    aside: tuple["Damaged", ...] = ()

    @property
    def quarantined(self) -> int:
        """How many files were put aside."""
        return len(self.aside)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged file; ``file`` is what it is to clients, if it is one of a version."""

    tree: ModuleTree
    path: Path
    reason: str
    file: ModuleFile | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    tree: ModuleTree
    stored: Stored
    h1: str = ""
    damage: str = ""
    pinned: bool = False


def verify(trees: Trees, zip_hash: ZipHash, *, fix: bool, progress: Progress) -> Verified:
    """Verify all trees; with ``fix`` move what is damaged to ``<root>/.gobp/quarantine``.

    Files of the published tree stay where they are: they come from a git repository.
    """
    files = [(tree, stored) for _, tree in named_trees(trees) for stored in all_stored(tree)]
    progress.begin("verifying files", len(files))
    checked = in_threads(lambda each: _check(*each, zip_hash, fix=fix), files, progress)
    damaged = [
        Damaged(each.tree, each.stored.path, each.damage, each.stored.file)
        for each in checked
        if each.damage
    ]
    damaged += [bad for _, tree in named_trees(trees) for bad in _damaged_others(tree)]
    damaged += [Damaged(trees.public, *bad) for bad in damaged_sums(trees.public.root / "sumdb")]
    aside = tuple(bad for bad in damaged if fix and bad.tree is not trees.published)
    for bad in aside:
        put_aside(trees, bad)
    return Verified(
        files=len(files),
        size=sum(stored.size for _, stored in files),
        pinned=sum(each.pinned for each in checked),
        aside=aside,
        problems=tuple(_problem(trees, bad) for bad in damaged),
        hashes=tuple(
            (each.stored, each.h1) for each in checked if each.h1 and each.tree is trees.public
        ),
    )


def _check(tree: ModuleTree, stored: Stored, zip_hash: ZipHash, *, fix: bool) -> _Checked:
    file = stored.file
    try:
        if file.kind is not Kind.ZIP:
            return _check_small(tree, stored)
        h1 = zip_hash(stored.path, file)
    except FileNotFoundError:  # it was removed meanwhile, as gc does
        return _Checked(tree, stored)
    except SourceError as error:
        return _Checked(tree, stored, damage=error.text)
    known = tree.pinned_hash(file.module, file.version)
    if not known and fix:
        tree.pin(file, h1)
    if known == h1 or damage_of_pin(known.encode()):  # a damaged pin is found by itself
        return _Checked(tree, stored, h1, pinned=not known and fix)
    return _Checked(tree, stored, damage=_CHANGED.format(h1, known))


def _check_small(tree: ModuleTree, stored: Stored) -> _Checked:
    damage = damage_of(stored.file, stored.path)
    if damage or stored.file.kind is Kind.INFO:
        return _Checked(tree, stored, damage=damage)
    h1 = go_mod_hash(stored.path.read_bytes())
    known = tree.pinned_hash(stored.file.module, stored.file.version, Kind.MOD)
    if known not in {"", h1}:
        return _Checked(tree, stored, damage=_CHANGED.format(h1, known))
    return _Checked(tree, stored, h1)


def _damaged_others(tree: ModuleTree) -> Iterator[Damaged]:
    """Yield damaged lists and pins."""
    for module in tree.modules():
        for path in sorted((tree.root / version_folder(module)).iterdir()):
            if path.name != "list" and path.suffix != ".ziphash":
                continue
            with path.open("rb") as file:
                content = file.read(MOST_GO_MOD_BYTES)
            is_list = path.name == "list"
            damage = damage_of_list(module, content) if is_list else damage_of_pin(content)
            if damage:
                yield Damaged(tree, path, damage)


def put_aside(trees: Trees, bad: Damaged) -> None:
    """Move a damaged file to ``<root>/.gobp/quarantine``; a list is made anew."""
    root = trees.public.root.parent
    target = root / OWN / "quarantine" / bad.path.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(bad.path, target)  # noqa: PTH105 # one step, whatever stood there
    except FileNotFoundError:
        return
    if bad.path.name == "list":
        module = next(m for m in bad.tree.modules() if bad.tree.list_path(m) == bad.path)
        list_what_is_stored(bad.tree, module)


def _problem(trees: Trees, bad: Damaged) -> Problem:
    remedy = _IN_GIT if bad.tree is trees.published else _REFETCH
    return Problem(str(bad.path.relative_to(trees.public.root.parent)), bad.reason, remedy)
