"""Damage of every kind of file is found, and put aside when that is asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gobp.golang.dirhash import go_mod_hash
from gobp.golang.tlog import Tile
from gobp.modproxy.commands.outcome import Quiet
from gobp.modproxy.commands.verify import Verified, verify
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash
from tests.modproxy.commands.made_modules import (
    UPPER,
    A,
    Steps,
    add_version,
    module_zip,
    new_trees,
    path_in,
    snapshot,
)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    trees = new_trees(tmp_path)
    add_version(trees.public, A, "v1.0.0")
    add_version(trees.public, UPPER, "v1.2.3-RC1")
    add_version(trees.private, "corp.example/p", "v0.1.0")
    trees.public.write_list(A, ("v1.0.0",))
    return trees


def verified(trees: Trees, *, fix: bool = False) -> Verified:
    return verify(trees, zip_hash, fix=fix, progress=Quiet())


def test_whole_trees_have_no_problems(trees: Trees) -> None:
    steps = Steps()

    found = verify(trees, zip_hash, fix=False, progress=steps)

    assert (found.files, found.problems, found.quarantined) == (9, (), 0)
    assert steps.parts == [("verifying files", 9)]
    assert steps.steps == 9


def spoil_zip(trees: Trees) -> Path:
    path = path_in(trees.public, A, "v1.0.0", Kind.ZIP)
    path.write_bytes(path.read_bytes()[:-10])
    return path


def change_zip(trees: Trees) -> Path:
    path = path_in(trees.public, A, "v1.0.0", Kind.ZIP)
    path.write_bytes(module_zip(A, "v1.0.0", {"b.go": b"package b\n"}))
    return path


def nuls_in_mod(trees: Trees) -> Path:
    path = path_in(trees.public, UPPER, "v1.2.3-RC1", Kind.MOD)
    path.write_bytes(b"\0" * 40)
    return path


def empty_mod(trees: Trees) -> Path:
    path = path_in(trees.private, "corp.example/p", "v0.1.0", Kind.MOD)
    path.write_bytes(b"")
    return path


def changed_mod(trees: Trees) -> Path:
    path = path_in(trees.private, "corp.example/p", "v0.1.0", Kind.MOD)
    trees.private.pin(ModuleFile("corp.example/p", "v0.1.0", Kind.MOD), mod_hash(path))
    path.write_bytes(path.read_bytes() + b"// more\n")
    return path


def mod_hash(path: Path) -> str:
    return go_mod_hash(path.read_bytes())


def info_of_another(trees: Trees) -> Path:
    path = path_in(trees.public, A, "v1.0.0", Kind.INFO)
    path.write_bytes(b'{"Version":"v1.0.1"}')
    return path


def nuls_in_list(trees: Trees) -> Path:
    path = trees.public.list_path(A)
    path.write_bytes(b"v1.0.0\n\0\0\0")
    return path


def strange_pin(trees: Trees) -> Path:
    path = path_in(trees.public, A, "v1.0.0", Kind.ZIP).with_suffix(".ziphash")
    path.write_bytes(b"h1:")
    return path


def short_tile(trees: Trees) -> Path:
    path = trees.public.root / "sumdb/sum.example/tile/8/0/001"
    trees.public.replace(path, b"\1" * 100)
    return path


def tile_that_is_not_its_parents(trees: Trees) -> Path:
    folder = trees.public.root / "sumdb/sum.example"
    trees.public.replace(folder / Tile(1, 0, 2).path, b"\2" * 64)
    trees.public.replace(folder / Tile(0, 1, 256).path, b"\1" * 256 * 32)
    return folder / Tile(0, 1, 256).path


def lookup_that_is_none(trees: Trees) -> Path:
    path = trees.public.root / f"sumdb/sum.example/lookup/{A}@v1.0.0"
    trees.public.replace(path, b"not a lookup\n")
    return path


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_zip, "is not served"),
        (change_zip, "when it was first seen"),
        (nuls_in_mod, "NUL bytes"),
        (empty_mod, "names no module"),
        (changed_mod, "when it was first seen"),
        (info_of_another, "that of version v1.0.1"),
        (nuls_in_list, "NUL bytes"),
        (strange_pin, "no h1: hash"),
        (short_tile, "100 bytes, not 8192"),
        (tile_that_is_not_its_parents, "the tile above"),
        (lookup_that_is_none, "malformed"),
    ],
)
def test_damage_is_named_and_put_aside_by_fix(
    trees: Trees, tmp_path: Path, spoil: Callable[[Trees], Path], reason: str
) -> None:
    path = spoil(trees)
    before = snapshot(tmp_path)
    name = path.relative_to(tmp_path).as_posix()

    found = verified(trees)
    assert [problem.about for problem in found.problems][:1] == [name]
    assert reason in found.problems[0].reason
    assert snapshot(tmp_path) == before

    fixed = verified(trees, fix=True)
    assert fixed.quarantined >= 1
    after = snapshot(tmp_path)
    assert after[f".gobp/quarantine/{name}"] == before[name]
    assert after.get(name) != before[name]
    assert verified(trees).problems == ()


def test_what_is_in_git_is_not_touched(trees: Trees, tmp_path: Path) -> None:
    add_version(prepared(trees), A, "v1.0.0", kinds="mod")
    path = path_in(trees.published, A, "v1.0.0", Kind.MOD)
    path.write_bytes(b"\0")

    found = verified(trees, fix=True)

    assert [problem.about for problem in found.problems] == [str(path.relative_to(tmp_path))]
    assert "repository" in found.problems[0].remedy
    assert found.quarantined == 0
    assert path.exists()


def prepared(trees: Trees) -> ModuleTree:
    trees.published.prepare()
    return trees.published


def test_a_zip_whose_hash_is_unknown_is_pinned_by_fix(trees: Trees) -> None:
    pin = path_in(trees.public, A, "v1.0.0", Kind.ZIP).with_suffix(".ziphash")
    h1 = pin.read_text()
    pin.unlink()

    assert verified(trees).problems == ()
    assert verified(trees, fix=True).pinned == 1
    assert pin.read_text() == h1


def test_the_hashes_of_the_public_tree_are_given_for_the_checksum_database(trees: Trees) -> None:
    hashes = {(each.file.module, each.file.kind) for each, _ in verified(trees).hashes}

    assert hashes == {(m, kind) for m in (A, UPPER) for kind in (Kind.MOD, Kind.ZIP)}
