from collections.abc import Callable
from pathlib import Path

import pytest

from release.recipe import TreeFile
from release.tree import put_in_place, remove_sources, tree_hash, write_tree

FILES = {"bin/run": TreeFile(b"#!", executable=True), "lib/a.txt": TreeFile(b"a")}


def test_the_same_files_have_the_same_hash_whenever_they_were_written(tmp_path: Path) -> None:
    write_tree(tmp_path / "one", FILES)
    write_tree(tmp_path / "two", dict(reversed(FILES.items())))

    assert tree_hash(tmp_path / "one") == tree_hash(tmp_path / "two")


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "lib/a.txt").write_text("b"),
        lambda root: (root / "lib/a.txt").rename(root / "lib/b.txt"),
        lambda root: (root / "lib/a.txt").chmod(0o755),
        lambda root: (root / "lib/new").touch(),
    ],
)
def test_every_change_changes_the_hash(tmp_path: Path, change: Callable[[Path], object]) -> None:
    write_tree(tmp_path, FILES)
    before = tree_hash(tmp_path)

    change(tmp_path)

    assert tree_hash(tmp_path) != before


def test_only_sources_with_byte_code_beside_them_are_removed(tmp_path: Path) -> None:
    write_tree(tmp_path, {name: TreeFile(b"") for name in ("a.py", "a.pyc", "b.py", "c.txt")})

    remove_sources(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pyc", "b.py", "c.txt"]


def test_a_new_tree_replaces_the_old_one_whole(tmp_path: Path) -> None:
    write_tree(tmp_path / "new", FILES)
    write_tree(tmp_path / "tree", {"stale": TreeFile(b"")})

    put_in_place(tmp_path / "new", tmp_path / "tree")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["tree"]
    assert not (tmp_path / "tree/stale").exists()
