import os
from pathlib import Path

import pytest

from gobp.buildservice.sandbox.sandbox import Ended
from gobp.buildservice.sandbox.trees import DEEPEST
from gobp.buildservice.sandbox.usage import DiskCheck, MemoryCheck, descendants
from tests.buildservice.sandbox.test_bs_folders import deep

MIB = 1024 * 1024
ME = [os.getpid()]


def check(folder: Path, limit: int = MIB) -> DiskCheck:
    return DiskCheck(limit, [folder], lambda: ME)


def test_a_folder_may_grow_by_the_limit(tmp_path: Path) -> None:
    (tmp_path / "before").write_bytes(b"x" * 4 * MIB)
    looked = check(tmp_path)

    (tmp_path / "file").write_bytes(b"x" * (MIB // 2))

    assert looked() is None


def test_a_folder_that_grew_more_has_too_much(tmp_path: Path) -> None:
    looked = check(tmp_path)

    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"x" * 2 * MIB)

    assert looked() is Ended.TOO_MUCH_DISK


def test_empty_files_are_disk_too(tmp_path: Path) -> None:
    looked = check(tmp_path)

    for number in range(300):
        (tmp_path / str(number)).touch()

    assert looked() is Ended.TOO_MUCH_DISK


def test_a_file_without_a_name_is_counted(tmp_path: Path) -> None:
    looked = check(tmp_path)

    with (tmp_path / "file").open("wb") as file:
        (tmp_path / "file").unlink()
        file.write(b"x" * 2 * MIB)
        file.flush()
        found = looked()

    assert found is Ended.TOO_MUCH_DISK
    assert looked.look() is None


def test_a_file_with_holes_is_what_it_has_on_the_disk(tmp_path: Path) -> None:
    looked = check(tmp_path)

    with (tmp_path / "file").open("wb") as file:
        file.truncate(10**12)

    assert looked() is None


def test_folders_that_are_too_deep_to_look_at_are_too_much(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    looked = check(tmp_path / "given", limit=10**12)

    deep(tmp_path / "given", DEEPEST + 1)

    assert looked() is Ended.TOO_MUCH_DISK


@pytest.mark.parametrize("mode", [0, 0o300, 0o400])
def test_a_folder_that_may_not_be_looked_into_is_counted(tmp_path: Path, mode: int) -> None:
    looked = check(tmp_path)

    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"x" * 2 * MIB)
    (tmp_path / "folder").chmod(mode)

    assert looked() is Ended.TOO_MUCH_DISK


def test_memory_of_processes_is_counted() -> None:
    assert MemoryCheck(10**12, lambda: ME)() is None
    assert MemoryCheck(MIB, lambda: ME)() is Ended.OUT_OF_MEMORY


def test_files_in_memory_are_counted() -> None:
    used = os.statvfs("/dev/shm")

    found = MemoryCheck(-1, list, ["/dev/shm"])()

    assert found is Ended.OUT_OF_MEMORY
    assert used.f_bfree <= used.f_blocks


def test_a_process_that_is_gone_uses_nothing() -> None:
    assert MemoryCheck(0, lambda: [2**22 + 1], ["/proc/4194305/root/tmp"])() is None
    assert descendants(2**22 + 1) == [2**22 + 1]
