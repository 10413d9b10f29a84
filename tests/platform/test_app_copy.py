import os
import stat
import time
from pathlib import Path

import pytest

from gobp.platform.app_copy import AppStore, copy_app
from gobp.platform.snapshot import Snapshot


class Lab:
    """An app, the store of its copies, and copies with a number each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.app = root / "app"
        (self.app / "cmd").mkdir(parents=True)
        (self.app / "cmd" / "main.go").write_text("main\n")
        (self.app / "run.sh").write_text("run\n")
        (self.app / "run.sh").chmod(0o755)
        (self.app / "link").symlink_to("run.sh")
        time.sleep(0.06)  # what is younger is copied again, for the clock may hide a change
        self.copies = 0

    def copy(self, left_out: str = "") -> tuple[Path, int, Snapshot]:
        """Copy the app; return where to, how many files were read for it, and how it looked."""
        self.copies += 1
        target, store = self.root / f"copy{self.copies}", AppStore(self.root / "store")
        seen = copy_app(self.app, target, store, lambda _: True, lambda path: path != left_out)
        return target, store.copied, seen


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def _tree(root: Path) -> dict[str, tuple[int, int, str]]:
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mode,
            0 if path.is_dir() else path.lstat().st_mtime_ns if not path.is_symlink() else 0,
            str(path.readlink())
            if path.is_symlink()
            else ""
            if path.is_dir()
            else path.read_text(),
        )
        for path in root.rglob("*")
    }


def test_a_copy_is_the_app_and_the_next_one_reads_no_file(lab: Lab) -> None:
    first, read, _ = lab.copy()
    second, again, _ = lab.copy()

    assert (read, again) == (2, 0)
    assert _tree(first) == _tree(second) == _tree(lab.app)


def test_only_changed_files_are_read_again(lab: Lab) -> None:
    lab.copy()
    (lab.app / "cmd" / "main.go").write_text("MAIN\n")

    copy, read, _ = lab.copy()

    assert read == 1
    assert _tree(copy) == _tree(lab.app)


def test_a_change_that_keeps_size_and_time_is_seen(lab: Lab) -> None:
    lab.copy()
    path = lab.app / "run.sh"
    status = path.stat()
    path.write_text("ran\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    copy, _, _ = lab.copy()

    assert (copy / "run.sh").read_text() == "ran\n"


def test_a_file_that_is_too_young_is_read_again(lab: Lab) -> None:
    (lab.app / "run.sh").write_text("new\n")

    lab.copy()
    _, read, _ = lab.copy()

    assert read == 1


def test_what_a_build_writes_into_its_copy_reaches_no_later_one(lab: Lab) -> None:
    copy, _, _ = lab.copy()
    with (copy / "run.sh").open("a") as file:
        file.write("more\n")
    (copy / "cmd" / "main.go").chmod(0o600)

    later, read, _ = lab.copy()

    assert read == 2
    assert _tree(later) == _tree(lab.app)


def test_a_file_may_become_a_folder_and_a_folder_a_file(lab: Lab) -> None:
    lab.copy()
    (lab.app / "run.sh").unlink()
    (lab.app / "run.sh").mkdir()
    (lab.app / "run.sh" / "main.go").write_text("x\n")
    (lab.app / "cmd" / "main.go").unlink()
    (lab.app / "cmd").rmdir()
    (lab.app / "cmd").write_text("file\n")

    copy, _, _ = lab.copy()

    assert _tree(copy) == _tree(lab.app)


def test_files_that_are_gone_leave_the_store(lab: Lab) -> None:
    lab.copy()
    (lab.app / "run.sh").unlink()

    lab.copy()

    stored = [path for path in (lab.root / "store").iterdir() if path.name != "index.json"]
    assert [path.read_text() for path in stored] == ["main\n"]


def test_what_is_left_out_is_seen_but_not_copied(lab: Lab) -> None:
    copy, read, seen = lab.copy(left_out="run.sh")

    assert read == 1
    assert not (copy / "run.sh").exists()
    assert set(seen) == {"cmd", "cmd/main.go", "link", "run.sh"}
    assert seen["run.sh"].digest == ""


@pytest.mark.parametrize("index", ["", "{", '{"format": 0}'])
def test_after_a_crash_everything_is_read_again(index: str, lab: Lab) -> None:
    lab.copy()
    place = lab.root / "store" / "index.json"
    place.unlink()
    if index:
        place.write_text(index)

    copy, read, _ = lab.copy()

    assert read == 2
    assert _tree(copy) == _tree(lab.app)


def test_a_copy_that_breaks_off_is_not_trusted(lab: Lab) -> None:
    lab.copy()
    (lab.app / "run.sh").write_text("RUN\n")
    (lab.app / "zzz").touch()
    broken = AppStore(lab.root / "store")

    def stop(path: str) -> bool:
        if path == "zzz":
            raise KeyboardInterrupt
        return True

    with pytest.raises(KeyboardInterrupt):
        copy_app(lab.app, lab.root / "broken", broken, lambda _: True, stop)
    (lab.app / "zzz").unlink()

    _, read, _ = lab.copy()

    assert read == 2


def test_pipes_stay_behind_and_the_store_is_private(lab: Lab) -> None:
    os.mkfifo(lab.app / "pipe")

    copy, _, seen = lab.copy()

    assert not (copy / "pipe").exists()
    assert stat.S_ISFIFO(seen["pipe"].mode)
    assert (lab.root / "store").stat().st_mode & 0o777 == 0o700
