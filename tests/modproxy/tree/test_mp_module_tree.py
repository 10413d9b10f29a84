import contextlib
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.module_tree import ChangedVersionError, ModuleTree, kinds_of
from gobp.modproxy.tree.trees import Trees

MODULE = "example.com/Team/m"
ZIP, MOD, INFO = (ModuleFile(MODULE, "v1.0.0", kind) for kind in (Kind.ZIP, Kind.MOD, Kind.INFO))
FOLDER = "example.com/!team/m/@v"


@pytest.fixture(params=[True, False], ids=["durable", "not durable"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> ModuleTree:
    tree = ModuleTree(tmp_path / "tree", durable=request.param)
    tree.prepare()
    return tree


def temporaries(tree: ModuleTree) -> list[Path]:
    return list((tree.root / ".gobp/tmp").iterdir())


def put_zip(tree: ModuleTree, content: bytes, h1: str) -> bool:
    with tree.new_file() as temporary:
        temporary.write_bytes(content)
        return tree.publish_zip(temporary, ZIP, h1)


def test_files_are_where_a_module_cache_has_them(tree: ModuleTree) -> None:
    put_zip(tree, b"zip", "h1:abc=")
    tree.publish_small(MOD, b"mod")
    tree.publish_small(INFO, b"info")
    tree.write_list(MODULE, ("v1.0.0",))

    found = {path.name: path.read_text() for path in (tree.root / FOLDER).iterdir()}
    assert found == {
        "v1.0.0.zip": "zip",
        "v1.0.0.ziphash": "h1:abc=",
        "v1.0.0.mod": "mod",
        "v1.0.0.info": "info",
        "list": "v1.0.0\n",
    }
    assert kinds_of(tree, MODULE, "v1.0.0") == tuple(Kind)
    assert {path.stat().st_mode & 0o777 for path in (tree.root / FOLDER).iterdir()} == {0o644}


def test_what_is_there_first_stays(tree: ModuleTree) -> None:
    assert tree.publish_small(MOD, b"first")
    assert not tree.publish_small(MOD, b"second")
    assert tree.path_of(MOD).read_bytes() == b"first"
    assert temporaries(tree) == []


def test_of_many_who_publish_at_once_one_is_first(tree: ModuleTree) -> None:
    outcomes: list[tuple[bool, bytes]] = []

    def publish(content: bytes) -> None:
        outcomes.append((tree.publish_small(MOD, content), content))

    threads = [threading.Thread(target=publish, args=(str(n).encode(),)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [content for first, content in outcomes if first] == [tree.path_of(MOD).read_bytes()]


def test_a_zip_with_another_hash_than_was_first_seen_never_appears(tree: ModuleTree) -> None:
    put_zip(tree, b"first", "h1:first=")
    tree.path_of(ZIP).unlink()

    with pytest.raises(ChangedVersionError, match=r"h1:second=, but it was h1:first="):
        put_zip(tree, b"second", "h1:second=")

    assert tree.find(ZIP) is None
    assert put_zip(tree, b"first", "h1:first=")


def test_of_two_zips_at_once_the_one_that_appears_has_its_own_hash(tree: ModuleTree) -> None:
    def publish(name: str) -> None:
        with contextlib.suppress(ChangedVersionError):
            put_zip(tree, name.encode(), f"h1:{name}=")

    for _ in range(20):
        threads = [threading.Thread(target=publish, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        content = tree.path_of(ZIP).read_text()
        assert tree.pinned_hash(MODULE, "v1.0.0") == f"h1:{content}="
        tree.path_of(ZIP).unlink()
        tree.path_of(ZIP).with_suffix(".ziphash").unlink()


def test_a_pin_that_a_crash_left_empty_is_no_pin(tree: ModuleTree) -> None:
    (tree.root / FOLDER).mkdir(parents=True)
    (tree.root / FOLDER / "v1.0.0.ziphash").touch()
    assert put_zip(tree, b"zip", "h1:abc=")
    assert tree.pinned_hash(MODULE, "v1.0.0") == "h1:abc="


def test_the_hash_of_a_go_mod_file_is_pinned_out_of_sight(tree: ModuleTree) -> None:
    tree.pin(MOD, "h1:mod=")
    tree.pin(MOD, "h1:mod=")
    with pytest.raises(ChangedVersionError):
        tree.pin(MOD, "h1:other=")
    assert tree.pinned_hash(MODULE, "v1.0.0", Kind.MOD) == "h1:mod="
    assert tree.pinned_hash(MODULE, "v1.0.0") == ""
    assert not (tree.root / FOLDER).exists()


def test_what_dead_processes_left_is_removed_and_what_is_in_use_stays(tree: ModuleTree) -> None:
    left = tree.root / ".gobp/tmp/left"
    left.write_bytes(b"half of a file")
    fresh = tree.root / ".gobp/tmp/fresh"
    fresh.touch()
    with tree.new_file() as used:
        long_ago = time.time() - 3600
        for path in (left, used):
            os.utime(path, (long_ago, long_ago))

        ModuleTree(tree.root).prepare()

        assert sorted(temporaries(tree)) == sorted([fresh, used])


def test_a_file_that_is_not_taken_is_removed(tree: ModuleTree) -> None:
    with contextlib.suppress(ZeroDivisionError), tree.new_file():
        raise ZeroDivisionError
    assert temporaries(tree) == []


def test_versions_are_those_of_info_and_mod_files_by_precedence(tree: ModuleTree) -> None:
    pseudo = "v0.0.0-20240102030405-abcdef012345"
    for version in ("v1.10.0", "v1.2.0", "v1.2.0-RC.1", pseudo):
        tree.publish_small(ModuleFile(MODULE, version, Kind.MOD), b"")
    tree.publish_small(ModuleFile(MODULE, "v1.3.0", Kind.INFO), b"")
    tree.publish_small(ModuleFile(MODULE, "v1.4.0", Kind.ZIP), b"")
    for junk in ("junk.mod", "v2.0.0.mod", "v1.mod", "V1.0.0.info", "v1.0.0.lock"):
        (tree.root / FOLDER / junk).touch()

    assert tree.versions(MODULE) == ("v1.2.0-RC.1", "v1.2.0", "v1.3.0", "v1.10.0")
    assert tree.stored_versions(MODULE)[0] == pseudo
    assert tree.versions("example.com/unknown") == ()


def test_a_list_is_replaced_and_read_again(tree: ModuleTree) -> None:
    assert tree.listed(MODULE) is None
    tree.write_list(MODULE, ("v1.1.0", "v1.0.0"))
    tree.write_list(MODULE, ("v1.10.0", "v1.1.0", "v1.0.0"))
    assert tree.listed(MODULE) == ("v1.0.0", "v1.1.0", "v1.10.0")
    assert temporaries(tree) == []


def test_modules_are_found_by_their_versions(tree: ModuleTree) -> None:
    for module in ("example.com/b", "example.com/a/v2", "example.com/a", MODULE):
        version = "v2.0.0" if module.endswith("/v2") else "v1.0.0"
        tree.publish_small(ModuleFile(module, version, Kind.MOD), b"")
    (tree.root / "sumdb/sum.example/@v").mkdir(parents=True)
    (tree.root / "EXAMPLE.com/x/@v").mkdir(parents=True)

    assert list(tree.modules()) == [MODULE, "example.com/a", "example.com/a/v2", "example.com/b"]


@settings(deadline=None, max_examples=30)
@given(stems=st.lists(st.text(max_size=20)))
def test_no_name_of_a_file_breaks_the_list_of_versions(
    tmp_path_factory: pytest.TempPathFactory, stems: list[str]
) -> None:
    tree = ModuleTree(tmp_path_factory.mktemp("tree"), durable=False)
    folder = tree.root / FOLDER
    folder.mkdir(parents=True)
    for stem in stems:
        try:
            (folder / f"{stem}.info").touch()
        except (OSError, ValueError):  # no name of a file
            continue
    assert all(version.startswith("v") for version in tree.stored_versions(MODULE))


def test_the_trees_of_a_root_are_apart(tmp_path: Path) -> None:
    trees = Trees.below(tmp_path, durable=False)
    trees.prepare()
    trees.public.publish_small(MOD, b"public")
    assert trees.private.find(MOD) is None
    assert not trees.public.durable
    assert trees.private.durable
    assert sorted(path.name for path in tmp_path.iterdir()) == ["private", "public"]
