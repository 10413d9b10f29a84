"""gobp.system.files, on real folders."""

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.system import files
from gobp.system.files import (
    DirectoryTree,
    copy_tree,
    count_tree,
    remove_tree,
    write_all,
    write_atomically,
)
from tests.fakes.memory_tree import MemoryTree


def test_bytes_are_written_to_the_last_where_a_part_is_taken_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = os.write
    monkeypatch.setattr(os, "write", lambda file, left: taken(file, left[:3]))
    with (tmp_path / "log").open("wb") as file:
        write_all(file.fileno(), b"two lines\nof a log\n")
    assert (tmp_path / "log").read_bytes() == b"two lines\nof a log\n"


def test_a_write_leaves_the_new_content_its_mode_and_no_other_file(tmp_path: Path) -> None:
    file = tmp_path / "launch.toml"
    file.write_text("old")

    write_atomically(file, b"new", mode=0o600)

    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [file]


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    file = tmp_path / "launch.toml"
    file.write_text("old")
    (tmp_path / ".launch.toml.new").mkdir()

    with pytest.raises(IsADirectoryError):
        write_atomically(file, b"new")

    assert file.read_text() == "old"


def read_only_tree(root: Path) -> Path:
    """Make a tree as Go's module cache is: files 0444, folders 0555."""
    tree = root / "mod-cache"
    (tree / "a@v1/b").mkdir(parents=True)
    (tree / "a@v1/b/file.go").write_text("package b")
    (tree / "a@v1/link").symlink_to("b")
    (tree / "a@v1/b/file.go").chmod(0o444)
    for folder in (tree / "a@v1/b", tree / "a@v1", tree):
        folder.chmod(0o555)
    return tree


def test_a_read_only_tree_is_removed(tmp_path: Path) -> None:
    tree = read_only_tree(tmp_path)

    remove_tree(tree)

    assert not tree.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_is_not_root_removes_a_read_only_tree_too() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        tree = read_only_tree(root)
        for path in (root, tree, *tree.rglob("*")):
            os.chown(path, 1000, 1000, follow_symlinks=False)

        os.seteuid(1000)
        try:
            remove_tree(tree)
        finally:
            os.seteuid(0)

        assert not tree.exists()


def test_links_pipes_and_sockets_are_removed_and_what_links_point_to_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))

    for name in ("link", "dangling", "pipe", "socket", "not-there"):
        remove_tree(tmp_path / name)

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_copy_keeps_modes_and_links_and_leaves_pipes_out(tmp_path: Path) -> None:
    source = tmp_path / "app"
    (source / "bin").mkdir(parents=True)
    (source / "bin/run.sh").write_text("#!/bin/sh")
    (source / "bin/run.sh").chmod(0o755)
    (source / "link").symlink_to("/nowhere/at/all")
    os.mkfifo(source / "pipe")

    copy_tree(source, tmp_path / "copy")

    assert os.access(tmp_path / "copy/bin/run.sh", os.X_OK)
    assert (tmp_path / "copy/link").readlink() == Path("/nowhere/at/all")
    assert not (tmp_path / "copy/pipe").exists()


def test_a_tree_is_counted_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/five").write_text("12345")
    (tmp_path / "up").symlink_to(".")

    assert count_tree(tmp_path) == (2, 5 + len("."))


TREES = {"go.mod": "module a", "cmd/web/main.go": "package main", "empty/": ""}


def on_disk(root: Path) -> DirectoryTree:
    for path, text in TREES.items():
        if path.endswith("/"):
            (root / path).mkdir(parents=True)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    return DirectoryTree(root)


def test_the_tree_in_memory_answers_as_the_one_on_disk(tmp_path: Path) -> None:
    real, fake = on_disk(tmp_path), MemoryTree(TREES)

    for path in ("", "go.mod", "cmd", "cmd/web", "cmd/web/main.go", "empty", "gone", "go.mod/x"):
        assert real.has(path) == fake.has(path), path
        assert real.is_dir(path) == fake.is_dir(path), path
        assert real.names(path) == fake.names(path), path
    for folder in ("", "cmd", "empty"):
        assert real.entries(folder) == fake.entries(folder)
    assert real.read_text("go.mod") == fake.read_text("go.mod")
    for tree in (real, fake):
        with pytest.raises(FileNotFoundError):
            tree.entries("gone")


def test_links_of_an_app_are_listed_as_files_and_dangling_ones_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "to-folder").symlink_to("folder")
    (tmp_path / "dangling.go").symlink_to("nowhere")
    tree = DirectoryTree(tmp_path)

    assert tree.entries() == (("folder",), ("dangling.go", "to-folder"))
    assert not tree.has("dangling.go")


def test_a_text_that_is_too_large_or_not_utf_8_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "TEXT_LIMIT", 10)
    (tmp_path / "go.mod").write_bytes(b"x" * 11)
    (tmp_path / "Procfile").write_bytes(b"web: \xff")
    tree = DirectoryTree(tmp_path)

    with pytest.raises(UserError, match=r"go\.mod is larger than"):
        tree.read_text("go.mod")
    with pytest.raises(UserError, match=r"Procfile is not UTF-8 text \(byte 5\)"):
        tree.read_text("Procfile")


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_bytes(b"\xef\xbb\xbfmodule a")

    assert DirectoryTree(tmp_path).read_text("go.mod") == "module a"
    assert DirectoryTree(tmp_path).read_head("go.mod") == "module a"


def test_the_head_of_a_file_can_be_read_whatever_its_size_and_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "HEAD_LIMIT", 14)
    (tmp_path / "data.go").write_bytes(b"package data\n\xff" + bytes(100))

    assert DirectoryTree(tmp_path).read_head("data.go") == "package data\n\ufffd"
