"""Control groups: the kernel's limits of memory and processes. Version 2 first, then version 1.

https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/. A group is made for each
command, below a group of ours where we may make any.
"""

import contextlib
import itertools
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gobp.buildservice.sandbox.sandbox import Limits

MOUNT = Path("/sys/fs/cgroup")
_NAME = "gobp"
_OWN_LEAF = "gobp-service"  # version 2: a group with limited ones below has no processes itself
_NUMBERS = itertools.count()
_SECONDS_TO_EMPTY = 10.0


class Group(ABC):
    """The limits of one command and all it starts."""

    @abstractmethod
    def add(self, pid: int) -> None:
        """Put a process into the group; what it starts from then on is in it too."""

    @abstractmethod
    def is_out_of_memory(self) -> bool:
        """Say whether the kernel killed a process for want of memory."""

    @abstractmethod
    def has_refused_processes(self) -> bool:
        """Say whether a process was not started because there were too many."""

    @abstractmethod
    def pids(self) -> list[int]:
        """Return the processes in it."""


class Groups(ABC):
    """Makes groups."""

    name: str

    @abstractmethod
    @contextmanager
    def group(self, limits: Limits) -> Iterator[Group]:
        """Give a group, which is removed at the end. Raises OSError."""


class GroupsV2(Groups):
    """Groups of version 2, below ``base``."""

    name = "cgroup v2"

    def __init__(self, base: Path) -> None:
        self.base = base

    @contextmanager
    def group(self, limits: Limits) -> Iterator[Group]:
        """See Groups.group."""
        folder = self.base / _new_name()
        folder.mkdir()
        try:
            (folder / "memory.max").write_text(str(limits.memory))
            _write_if_there(folder / "memory.swap.max", "0")
            _write_if_there(folder / "memory.oom.group", "1")
            (folder / "pids.max").write_text(str(limits.processes))
            yield _GroupV2(folder)
        finally:
            _remove(folder)


class GroupsV1(Groups):
    """Groups of version 1; ``memory`` and ``pids`` are folders below those controllers."""

    name = "cgroup v1"

    def __init__(self, memory: Path, pids: Path) -> None:
        self._memory = memory
        self._pids = pids

    @contextmanager
    def group(self, limits: Limits) -> Iterator[Group]:
        """See Groups.group."""
        name = _new_name()
        memory, pids = self._memory / name, self._pids / name
        try:
            memory.mkdir()
            pids.mkdir()
            (memory / "memory.limit_in_bytes").write_text(str(limits.memory))
            _write_if_there(memory / "memory.memsw.limit_in_bytes", str(limits.memory))
            (pids / "pids.max").write_text(str(limits.processes))
            yield _GroupV1(memory, pids)
        finally:
            _remove(memory)
            _remove(pids)


class _GroupV2(Group):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid))

    def is_out_of_memory(self) -> bool:
        return _count(self._folder / "memory.events", "oom_kill") > 0

    def has_refused_processes(self) -> bool:
        return _count(self._folder / "pids.events", "max") > 0

    def pids(self) -> list[int]:
        return _pids(self._folder)


class _GroupV1(Group):
    def __init__(self, memory: Path, pids: Path) -> None:
        self._memory = memory
        self._pids = pids

    def add(self, pid: int) -> None:
        for folder in (self._memory, self._pids):
            (folder / "cgroup.procs").write_text(str(pid))

    def is_out_of_memory(self) -> bool:
        return _count(self._memory / "memory.oom_control", "oom_kill") > 0

    def has_refused_processes(self) -> bool:
        return _count(self._pids / "pids.events", "max") > 0

    def pids(self) -> list[int]:
        return _pids(self._pids)


def find_groups(mount: Path = MOUNT, own: str | None = None) -> Groups | None:
    """Return how groups are made here, None where this process may not make any.

    ``own`` is the text of /proc/self/cgroup.
    """
    if own is None:
        own = Path("/proc/self/cgroup").read_text()
    with contextlib.suppress(OSError):
        return _groups_v2(mount, own) or _groups_v1(mount)
    return None


def _groups_v2(mount: Path, own: str) -> Groups | None:
    path = next((line[3:] for line in own.splitlines() if line.startswith("0::")), "")
    controllers = mount / "cgroup.controllers"
    if not path or not controllers.is_file() or not _has_both(controllers):
        return None
    group = mount / path.lstrip("/")
    base = group.parent if group.name == _OWN_LEAF else group
    try:
        if not _has_both(base / "cgroup.controllers"):
            return None
        if not _has_both(base / "cgroup.subtree_control"):
            _delegate(base)
        _sweep(base)
    except OSError:  # it is not ours to divide
        return None
    return GroupsV2(base)


def _delegate(base: Path) -> None:
    """Move all processes of a group, which are the service's, into a leaf, and divide the rest.

    Only the machine's root group, which has no type, may have processes beside limited groups.
    """
    if (base / "cgroup.type").exists():
        leaf = base / _OWN_LEAF
        leaf.mkdir(exist_ok=True)
        for pid in _pids(base):
            (leaf / "cgroup.procs").write_text(str(pid))
    (base / "cgroup.subtree_control").write_text("+memory +pids")


def _groups_v1(mount: Path) -> Groups | None:
    controllers = [mount / "memory", mount / "pids"]
    if not all((each / "cgroup.procs").is_file() for each in controllers):
        return None
    memory, pids = (each / _NAME for each in controllers)
    for base in (memory, pids):
        try:
            base.mkdir(exist_ok=True)
        except OSError:
            return None
        if not os.access(base, os.W_OK):
            return None
        _sweep(base)
    return GroupsV1(memory, pids)


def _new_name() -> str:
    return f"{_NAME}-{os.getpid()}-{next(_NUMBERS)}"


def _sweep(base: Path) -> None:
    """Remove the groups of processes of ours that were killed; what is in use cannot be removed."""
    for folder in sorted(base.glob(f"{_NAME}-*-*")):
        pid = folder.name.split("-")[1]
        if not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _remove(folder: Path) -> None:
    """Remove a group; the kernel takes a moment to see that the processes in it are gone."""
    deadline = time.monotonic() + _SECONDS_TO_EMPTY
    while folder.exists():
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:  # _sweep has another go at the next start
                return
            time.sleep(0.01)


def _has_both(file: Path) -> bool:
    return {"memory", "pids"} <= set(file.read_text().split())


def _pids(folder: Path) -> list[int]:
    return [int(word) for word in (folder / "cgroup.procs").read_text().split()]


def _write_if_there(file: Path, text: str) -> None:
    if file.exists():
        file.write_text(text)


def _count(file: Path, name: str) -> int:
    """Return a number of a file of lines such as ``oom_kill 3``, 0 where there is none."""
    for line in file.read_text().splitlines():
        key, _, number = line.partition(" ")
        if key == name:
            return int(number)
    return 0
