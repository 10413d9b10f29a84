"""A folder as storage: durable, never half written, and nothing outside of it."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.buildservice.storage.folder import FolderObjects
from gobp.buildservice.storage.store import StorageError
from gobp.errors import UserError
from tests.buildservice.storage.stores import a_file, folder_store, manifest

MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    if os.getuid():
        pytest.skip("only root can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "gobp-test", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_full_disk_leaves_nothing_half_written(small_disk: Path, tmp_path: Path) -> None:
    store = folder_store(small_disk)
    store.put(a_file(tmp_path, b"x" * MIB))
    before = files_of(small_disk)

    with pytest.raises(StorageError, match="No space left"):
        store.put(a_file(tmp_path, b"y" * 2 * MIB))
    assert files_of(small_disk) == before

    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(b"z" * 2 * MIB)
    ready = manifest(b"x" * MIB)
    with pytest.raises(StorageError, match="No space left"):
        store.publish(ready)
    assert store.published(ready.build_id) is None
    filler.unlink()
    store.publish(ready)
    assert store.published(ready.build_id) == ready


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.", "a\0b", "..", "a/"]
)
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    objects = FolderObjects(tmp_path / "inside")
    with pytest.raises(ValueError, match="no key"):
        objects.create(key, b"")
    with pytest.raises(ValueError, match="no key"):
        objects.get(key)


def test_what_a_process_left_that_died_is_removed_and_what_is_in_use_stays(
    tmp_path: Path,
) -> None:
    FolderObjects(tmp_path)
    left, in_use, new = (tmp_path / ".tmp" / name for name in ("left", "in-use", "new"))
    for path in (left, in_use, new):
        path.write_bytes(b"half")
    for path in (left, in_use):
        os.utime(path, (time.time() - 60,) * 2)
    with in_use.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        FolderObjects(tmp_path)
    assert files_of(tmp_path) == [in_use, new]


def test_a_root_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="/file/artifacts: File exists"):
        folder_store(tmp_path / "file")


def test_others_than_the_service_and_its_group_cannot_look_into_it(tmp_path: Path) -> None:
    folder_store(tmp_path)
    assert (tmp_path / "artifacts").stat().st_mode & 0o007 == 0


def test_a_file_that_shrinks_while_it_is_read_is_trouble_not_an_end(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    sha256, _ = store.put(a_file(tmp_path, b"x" * 3 * MIB))
    chunks = store.read(sha256)
    next(chunks)
    path = store.path(sha256)
    assert path is not None
    os.truncate(path, MIB)
    with pytest.raises(StorageError, match="shorter"):
        list(chunks)


PUBLISH = """
import sys
from pathlib import Path
from tests.buildservice.storage.stores import a_file, folder_store, manifest
store = folder_store(Path(sys.argv[1]))
store.put(a_file(Path(sys.argv[1]), b"durable"))
store.publish(manifest(b"durable"))
"""


@pytest.mark.slow
def test_files_and_their_folders_are_on_the_disk_before_a_build_is_published(
    tmp_path: Path,
) -> None:
    calls = _system_calls(tmp_path)
    blob = next(index for index, call in enumerate(calls) if "rename(" in call)
    link = next(i for i, call in enumerate(calls) if "link(" in call and "/builds/" in call)

    assert "fsync(" in calls[blob - 5]  # the file, before its three folders are made
    made = [call for call in calls if call.startswith("mkdir(")]
    assert len(made) == 7  # root, artifacts, .tmp, blobs, blobs/ab, publishing, builds
    for call in made:  # each folder is in a folder that is synced next
        parent = call.split('"')[1].rpartition("/")[0]
        assert f"<{parent}>" in calls[calls.index(call) + 1]
    assert "fsync(" in calls[blob + 1]
    assert "/blobs/" in calls[blob + 1]
    assert "/.tmp/" in calls[link - 3]
    assert "fsync(" in calls[link - 3]
    assert calls[link + 1].endswith("/artifacts/builds>) = 0")
    assert blob < link


def _system_calls(tmp_path: Path) -> list[str]:
    """Return what a process that publishes asks of the file system."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    output = tmp_path / "calls"
    done = subprocess.run(
        [
            *(strace, "-y", "-e", "trace=mkdir,fsync,link,rename", "-o", str(output)),
            *(sys.executable, "-B", "-c", PUBLISH, str(tmp_path / "root")),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    return [call for call in output.read_text().splitlines() if str(tmp_path) in call]
