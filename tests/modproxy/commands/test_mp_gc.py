"""What is removed, what stays, and in which order."""

import os
import time
from pathlib import Path

import pytest

from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.commands.gc import GRACE, Collected, Wanted, collect, last_used_by_times
from gobp.modproxy.commands.stored import Stored
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.tree.module_tree import ModuleTree
from tests.modproxy.commands.made_modules import UPPER, A, add_version, new_trees, path_in

DAY = 86_400.0
NOW = 1_000_000_000.0


@pytest.fixture
def tree(tmp_path: Path) -> ModuleTree:
    tree = new_trees(tmp_path).public
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        add_version(tree, A, version)
    add_version(tree, UPPER, "v1.0.0")
    tree.write_list(A, ("v1.0.0", "v1.1.0", "v1.2.0"))
    return tree


def days_ago(stored: Stored) -> float:
    """v1.0.0 was used 100 days ago, v1.1.0 90 days ago, v1.2.0 80 days ago."""
    return NOW - DAY * (100 - 10 * int(stored.file.version[3]))


def collected(tree: ModuleTree, wanted: Wanted, *, dry_run: bool = False) -> Collected:
    return collect(tree, wanted, days_ago, dry_run=dry_run, clock=lambda: NOW)


def names(found: Collected) -> list[str]:
    return [str(each.file) for each in found.removed]


def test_what_was_not_used_for_long_is_removed_but_its_hash_stays(tree: ModuleTree) -> None:
    h1 = tree.pinned_hash(A, "v1.0.0")

    found = collected(tree, Wanted(max_bytes=None, unused=95 * DAY))

    assert len(names(found)) == 6
    assert not path_in(tree, A, "v1.0.0", Kind.ZIP).exists()
    assert path_in(tree, A, "v1.1.0", Kind.ZIP).exists()
    assert tree.pinned_hash(A, "v1.0.0") == h1 != ""
    assert tree.listed(A) == ("v1.1.0", "v1.2.0")
    assert tree.list_path(A).stat().st_mtime == 0, "a server is to ask its source again"
    assert found.freed == sum(each.size for each in found.removed) > 0


def test_the_longest_unused_zips_go_first_when_there_are_too_many_bytes(tree: ModuleTree) -> None:
    everything = collected(tree, Wanted(None, None)).left
    zip_size = path_in(tree, UPPER, "v1.0.0", Kind.ZIP).stat().st_size

    found = collected(tree, Wanted(everything - zip_size - 1, None))

    assert names(found) == [f"{UPPER}@v1.0.0 (zip)", f"{A}@v1.0.0 (zip)"]
    assert found.left == everything - found.freed
    assert found.problems == ()


def test_a_dry_run_removes_nothing(tree: ModuleTree) -> None:
    found = collected(tree, Wanted(0, None), dry_run=True)

    assert len(found.removed) == 12
    assert all(each.path.exists() for each in found.removed)
    assert tree.listed(A) == ("v1.0.0", "v1.1.0", "v1.2.0")


def test_pinned_modules_stay_and_it_is_said_that_too_much_is_left(tree: ModuleTree) -> None:
    keep = ModulePatterns.parse("example.com/a", source="this test")

    found = collected(tree, Wanted(0, 1 * DAY, (keep,)))

    assert {each.file.module for each in found.removed} == {UPPER}
    assert "more than was asked" in found.problems[0].reason


def test_what_was_just_used_stays_whatever_is_asked(tree: ModuleTree) -> None:
    found = collect(tree, Wanted(0, 0), lambda _: NOW - GRACE + 1, dry_run=False, clock=lambda: NOW)

    assert found.removed == ()


def test_a_file_that_is_being_read_can_be_read_to_its_end(tree: ModuleTree) -> None:
    path = path_in(tree, A, "v1.0.0", Kind.ZIP)
    whole = path.read_bytes()
    with path.open("rb") as reader:
        start = reader.read(10)
        collected(tree, Wanted(0, None))

        assert start + reader.read() == whole
    assert not path.exists()


def test_a_file_without_an_index_was_used_when_it_came(tree: ModuleTree) -> None:
    path = path_in(tree, A, "v1.0.0", Kind.ZIP)
    os.utime(path, (1, 1))

    used = last_used_by_times(Stored(None, path, 0))  # type: ignore[arg-type] # only the path counts

    assert used == pytest.approx(time.time(), abs=100)
