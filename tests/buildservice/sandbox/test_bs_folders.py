import os
import stat
from pathlib import Path

import pytest

from gobp.buildservice.sandbox.folders import given_to
from gobp.buildservice.sandbox.sandbox import SandboxError
from gobp.buildservice.sandbox.trees import DEEPEST, walk
from gobp.buildservice.sandbox.user import User

ME = User(os.geteuid(), os.getegid())
OTHER = User(4242, 4242)
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def deep(folder: Path, depth: int) -> None:
    """Make folders in folders, deeper than any path can be long."""
    handle = os.open(folder, os.O_DIRECTORY)
    for _ in range(depth):
        os.mkdir("d" * 50, dir_fd=handle)
        inner = os.open("d" * 50, os.O_DIRECTORY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)


def test_what_nobody_may_read_can_be_read_afterwards(tmp_path: Path) -> None:
    with given_to(ME, [tmp_path]):
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "b" / "file").write_text("text")
        for path in ("a/b/file", "a/b", "a"):
            (tmp_path / path).chmod(0)

    modes = [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("a", "a/b", "a/b/file")]
    assert modes == [0o700, 0o700, 0o600]


def test_nothing_is_setuid_afterwards(tmp_path: Path) -> None:
    with given_to(ME, [tmp_path]):
        (tmp_path / "file").touch()
        (tmp_path / "file").chmod(0o6755)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o755


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    (tmp_path / "in").mkdir()
    with given_to(ME, [tmp_path / "in"]):
        (tmp_path / "in" / "link").symlink_to(outside)

    assert stat.S_IMODE(outside.stat().st_mode) == 0o500


def test_folders_too_deep_to_be_removed_are_removed(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "kept").touch()
    with given_to(ME, [given]):
        deep(given, 3 * DEEPEST + 1)

    deepest = max(entry.depth for entry in walk(given))
    assert deepest == DEEPEST - 1
    assert (given / "kept").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


def test_a_link_is_no_folder_to_give(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    with pytest.raises(SandboxError, match="link"), given_to(ME, [tmp_path / "link"]):
        pass


@only_root
def test_folders_belong_to_the_user_of_commands_and_then_to_us_again(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    paths = [tmp_path, tmp_path / "folder", tmp_path / "folder" / "file"]

    with given_to(OTHER, [tmp_path]):
        during = {path.stat().st_uid for path in paths}

    assert during == {4242}
    assert {path.stat().st_uid for path in paths} == {0}


@only_root
def test_a_file_with_another_name_elsewhere_stays_ours(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (tmp_path / "cached").touch()
    (given / "file").hardlink_to(tmp_path / "cached")

    with given_to(OTHER, [given]):
        assert (given / "file").stat().st_uid == 0
