"""gobp.system.file_writers: every file is there, or the block ends with the reason."""

import threading
from pathlib import Path

import pytest

from gobp.system import file_writers
from gobp.system.archive import OLD
from gobp.system.file_writers import FileWriters


@pytest.fixture(params=["quick", "slow"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take the disk for a quick or for a slow one: threads write on the slow one."""
    seconds = 60.0 if request.param == "quick" else -1.0
    monkeypatch.setattr(file_writers, "_SLOW_SECONDS", seconds)
    return str(request.param)


def write_many(folder: Path, error: Exception | None) -> None:
    """Write 500 files of one byte each; raise an error before the block ends."""
    with FileWriters() as writers:
        for number in range(500):
            writers.write(f"{folder}/{number}", 0o644, b"x")
        if error is not None:
            raise error


@pytest.mark.usefixtures("disk")
def test_all_files_are_written_with_their_modes_and_the_old_time(tmp_path: Path) -> None:
    with FileWriters() as writers:
        for number in range(500):
            mode = 0o755 if number % 2 else 0o644
            writers.write(f"{tmp_path}/{number}", mode, str(number).encode() * 1000)

    for number in range(500):
        path = tmp_path / str(number)
        assert path.read_bytes() == str(number).encode() * 1000
        assert path.stat().st_mode & 0o777 == (0o755 if number % 2 else 0o644)
        assert path.stat().st_mtime == OLD


def test_threads_help_on_a_slow_disk_and_are_gone_afterwards(tmp_path: Path, disk: str) -> None:
    before = threading.active_count()
    with FileWriters() as writers:
        for number in range(100):
            writers.write(f"{tmp_path}/{number}", 0o644, b"")
        assert (threading.active_count() > before) == (disk == "slow")
    assert threading.active_count() == before


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("number", [0, 40, 430, 470, 485, 499])
def test_a_file_that_cannot_be_written_ends_it(tmp_path: Path, number: int) -> None:
    (tmp_path / str(number)).write_bytes(b"of another")
    before = threading.active_count()
    with pytest.raises(FileExistsError, match=str(number)):
        write_many(tmp_path, None)
    assert (tmp_path / str(number)).read_bytes() == b"of another"
    assert threading.active_count() == before


@pytest.mark.usefixtures("disk")
def test_the_reason_of_a_block_that_fails_is_kept(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(KeyError, match="mine"):
        write_many(tmp_path, KeyError("mine"))
    assert threading.active_count() == before
