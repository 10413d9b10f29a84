"""Look at a command from outside: what it uses that no kernel limit is for, and its end."""

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from gobp.buildservice.sandbox.sandbox import Ended

Check = Callable[[], Ended | None]
_TICK = 0.1  # seconds
_GRACE = 10.0  # between SIGTERM and SIGKILL, as Sandbox.run promises
_ENTRY = 4096  # bytes that a file or folder counts at least: names and inodes are disk too
_PART_OF_TIME = 10  # a look at folders may take this part of the time


class Watch:
    """Looks at a command in a thread until it is over, and ends it when it must end.

    ``terminate`` asks its processes to end, ``kill`` ends all of them at once.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        terminate: Callable[[], None],
        kill: Callable[[], None],
    ) -> None:
        self.ended: Ended | None = None
        self._checks = checks
        self._terminate = terminate
        self._kill = kill
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._look, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def end(self, why: Ended) -> None:
        """End the command; the first reason is the one that counts."""
        with self._lock:
            if self.ended is not None:
                return
            self.ended = why
        if why is Ended.STOPPED:
            self._terminate()
            self._over.wait(_GRACE)
        self._kill()

    def _look(self) -> None:
        while not self._over.wait(_TICK):
            for check in self._checks:
                why = check()
                if why is not None:
                    self.end(why)
                    return


def deadline(seconds: float) -> Check:
    """Return a check of the time from now on."""
    end = time.monotonic() + seconds
    return lambda: Ended.OUT_OF_TIME if time.monotonic() > end else None


def stopped(stop: threading.Event) -> Check:
    """Return a check of whether somebody asked for the end."""
    return lambda: Ended.STOPPED if stop.is_set() else None


class MemoryCheck:
    """Counts the memory of processes, where no control group does."""

    def __init__(self, limit: int, pids: Callable[[], Sequence[int]]) -> None:
        self._limit = limit
        self._pids = pids

    def __call__(self) -> Ended | None:
        """Say whether there is too much: what is shared after a fork is counted once only."""
        pids = self._pids()
        if sum(_own_memory(pid) for pid in pids) <= self._limit:
            return None
        exact = sum(_proportional_memory(pid) for pid in pids)
        return Ended.OUT_OF_MEMORY if exact > self._limit else None


class DiskCheck:
    """Counts what is written to folders; each may grow by ``limit`` bytes.

    Also counts files that have no name any more but are held open by one of the processes.
    """

    def __init__(
        self, limit: int, folders: Sequence[Path], pids: Callable[[], Sequence[int]]
    ) -> None:
        self._limit = limit
        self._pids = pids
        self._before = {folder: _used(folder) for folder in folders}
        self._devices = {folder.stat().st_dev for folder in folders}
        self._next = 0.0

    def __call__(self) -> Ended | None:
        """Say whether it is too much; large folders are looked at less often."""
        now = time.monotonic()
        if now < self._next:
            return None
        found = self.look()
        self._next = time.monotonic() + (time.monotonic() - now) * _PART_OF_TIME
        return found

    def look(self) -> Ended | None:
        """Look at once."""
        nameless = _nameless(self._pids(), self._devices)
        for folder, before in self._before.items():
            if _used(folder) + nameless - before > self._limit:
                return Ended.TOO_MUCH_DISK
        return None


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


def _used(folder: Path) -> int:
    """Return the bytes on the disk of a folder; what cannot be looked into is not counted."""
    size, pending = 0, [str(folder)]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    size += max(entry.stat(follow_symlinks=False).st_blocks * 512, _ENTRY)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
    return size


def _nameless(pids: Sequence[int], devices: set[int]) -> int:
    """Return the bytes of open files of some devices that were removed, each counted once."""
    files = {}
    for pid in pids:
        for path in _open_files(pid):
            with suppress(OSError):
                found = os.stat(path)  # noqa: PTH116 # often called
                removed = found.st_nlink == 0 and stat.S_ISREG(found.st_mode)
                if removed and found.st_dev in devices:
                    files[found.st_dev, found.st_ino] = found.st_blocks * 512
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
