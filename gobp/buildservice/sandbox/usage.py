"""What a command uses, counted from outside where no kernel limit is for it."""

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from gobp.buildservice.sandbox.sandbox import Ended
from gobp.buildservice.sandbox.trees import DEEPEST, walk

_ENTRY = 4096  # bytes that a file or folder counts at least: names and inodes are disk too
_BLOCK = 512  # bytes, in which stat(2) counts
_PART_OF_TIME = 10  # looking at folders takes no more than this part of the time


class MemoryCheck:
    """Counts the memory of processes, and of ``scratch`` folders in memory: no group does."""

    def __init__(
        self, limit: int, pids: Callable[[], Sequence[int]], scratch: Sequence[str] = ()
    ) -> None:
        self._limit = limit
        self._pids = pids
        self._scratch = scratch

    def __call__(self) -> Ended | None:
        """Say whether there is too much; what is shared after a fork is counted once only."""
        pids, files = self._pids(), sum(_file_system_used(path) for path in self._scratch)
        if files + sum(_own_memory(pid) for pid in pids) <= self._limit:
            return None
        exact = files + sum(_proportional_memory(pid) for pid in pids)
        return Ended.OUT_OF_MEMORY if exact > self._limit else None


class DiskCheck:
    """Counts what is written to folders: each may grow by ``limit`` bytes.

    Files that have no name any more, but are held open by a process, are counted too.
    """

    def __init__(
        self, limit: int, folders: Sequence[Path], pids: Callable[[], Sequence[int]]
    ) -> None:
        self._limit = limit
        self._pids = pids
        self._before = {folder: _used(folder) for folder in folders}
        self._devices = {folder.stat().st_dev for folder in folders}
        self._free = self._free_now()
        self._left: float = limit
        self._earliest = self._next = 0.0

    def __call__(self) -> Ended | None:
        """Look, if it is time again: large folders are looked at less often.

        But at once where the disk has become so much fuller that it may be too much by now.
        """
        now = time.monotonic()
        filled = self._free - self._free_now() > self._left
        if now < (self._earliest if filled else self._next):
            return None
        found = self.look()
        took = time.monotonic() - now
        self._earliest = now + 2 * took
        self._next = now + took * _PART_OF_TIME
        return found

    def look(self) -> Ended | None:
        """Say whether it is too much."""
        self._free = self._free_now()
        nameless = _nameless(self._pids(), self._devices)
        grown = [_used(folder) + nameless - was for folder, was in self._before.items()]
        self._left = self._limit - max(grown, default=0)
        return Ended.TOO_MUCH_DISK if self._left < 0 else None

    def _free_now(self) -> int:
        counts = (os.statvfs(folder) for folder in self._before)
        return min((count.f_bfree * count.f_frsize for count in counts), default=0)


def descendants(pid: int) -> list[int]:
    """Return a process and all that it started and that is still there."""
    found, pending = [], [pid]
    while pending:
        pid = pending.pop()
        found.append(pid)
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 # often called
                text = Path(f"/proc/{pid}/task/{task}/children").read_text()
                pending.extend(int(word) for word in text.split())
    return found


def _used(folder: Path) -> float:
    """Return the bytes of a folder on the disk: too many where it is too deep to be looked at."""
    size: float = 0
    for entry in walk(folder):
        if entry.depth >= DEEPEST:
            return float("inf")
        size += max(entry.stat.st_blocks * _BLOCK, _ENTRY)
    return size


def _file_system_used(path: str) -> int:
    try:
        count = os.statvfs(path)
    except OSError:  # nobody is there any more
        return 0
    return (count.f_blocks - count.f_bfree) * count.f_frsize


def _nameless(pids: Sequence[int], devices: set[int]) -> int:
    """Return the bytes of open files of some devices that were removed, each counted once."""
    files = {}
    for pid in pids:
        for path in _open_files(pid):
            with suppress(OSError):
                found = os.stat(path)  # noqa: PTH116 # often called
                removed = found.st_nlink == 0 and stat.S_ISREG(found.st_mode)
                if removed and found.st_dev in devices:
                    files[found.st_dev, found.st_ino] = found.st_blocks * _BLOCK
    return sum(files.values())


def _open_files(pid: int) -> Iterator[str]:
    for kind in ("fd", "map_files"):
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/{kind}"):  # noqa: PTH208 # often called
                yield f"/proc/{pid}/{kind}/{name}"


def _own_memory(pid: int) -> int:
    """Return the bytes of a process that are no file's: its own and shared memory."""
    return _kilobytes(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:"))


def _proportional_memory(pid: int) -> int:
    """Return the same with what is shared divided by those who share it."""
    return _kilobytes(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))


def _kilobytes(path: str, names: tuple[str, ...]) -> int:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:  # it is gone
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(names))
