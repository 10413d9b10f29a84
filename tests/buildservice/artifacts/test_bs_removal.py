import contextlib
import os
import threading
from pathlib import Path

import pytest

from gobp.buildservice.artifacts.removal import remove_anything

pytestmark = pytest.mark.slow  # thousands of folders


def test_folders_of_any_depth_go(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deep", dir_fd=descriptor)
        inner = os.open("deep", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)

    remove_anything(folder)

    assert list(tmp_path.iterdir()) == []


def test_links_go_and_what_they_lead_to_stays(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("kept")
    folder = tmp_path / "work"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "link").symlink_to(other)

    remove_anything(folder)

    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    assert (other / "file").read_text() == "kept"


def test_folders_without_permissions_go_too(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_text("")
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0o500)

    remove_anything(folder)

    assert not folder.exists()


def test_what_is_not_there_is_removed_already(tmp_path: Path) -> None:
    remove_anything(tmp_path / "nothing")


def test_what_is_still_written_meanwhile_goes_too(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for number in range(2000):
        (folder / str(number)).touch()
    over = threading.Event()

    def write() -> None:
        for number in range(200):
            with contextlib.suppress(OSError):
                (folder / f"late{number}").touch()
            if over.wait(0.0005):
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        remove_anything(folder)
    finally:
        over.set()
        writer.join()

    assert not folder.exists()
