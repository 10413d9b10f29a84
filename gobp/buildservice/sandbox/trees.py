"""Walk folders whose content somebody else makes up, and may change meanwhile.

Folders are opened one below the other and never by a path, so that no link that appears in between
leads elsewhere, and no path gets too long.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

DEEPEST = 200  # folders in folders: each of them is held open while those below are looked at
_FLAGS = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MINE = stat.S_IRUSR | stat.S_IXUSR


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found: its name in the open folder ``folder``, and how it was then."""

    folder: int
    name: str
    stat: os.stat_result
    depth: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and no link to one."""
        return stat.S_ISDIR(self.stat.st_mode)


def walk(folder: Path) -> Iterator[Entry]:
    """Yield all that is below a folder, each folder before its content; links are not followed.

    What is DEEPEST folders deep is yielded, but not looked into. A folder that its owner, who is
    us, may not look into is made one that we may.
    """
    with _opened(str(folder), None) as handle:
        yield from _below(handle, 1)


def _below(handle: int, depth: int) -> Iterator[Entry]:
    with os.scandir(handle) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        with suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=handle, follow_symlinks=False)
            entry = Entry(handle, name, found, depth)
            yield entry
            if entry.is_folder and depth < DEEPEST:
                yield from _inside(handle, name, depth)


def _inside(handle: int, name: str, depth: int) -> Iterator[Entry]:
    try:
        with _opened(name, handle) as inner:
            yield from _below(inner, depth + 1)
    except (NotADirectoryError, FileNotFoundError, PermissionError):
        return  # it was replaced just now, or is not ours


@contextmanager
def _opened(name: str, folder: int | None) -> Iterator[int]:
    try:
        handle = os.open(name, _FLAGS, dir_fd=folder)
    except PermissionError:
        handle = _made_readable(name, folder)
    try:
        mode = os.fstat(handle).st_mode
        if os.geteuid() != 0 and mode & _MINE != _MINE:
            os.fchmod(handle, stat.S_IMODE(mode) | _MINE)
        yield handle
    finally:
        os.close(handle)


def _made_readable(name: str, folder: int | None) -> int:
    """Open a folder after its mode was changed; by a handle, as its name may be another's now."""
    handle = os.open(name, _FLAGS | os.O_PATH, dir_fd=folder)
    try:
        itself = f"/proc/self/fd/{handle}"
        os.chmod(itself, stat.S_IMODE(os.fstat(handle).st_mode) | _MINE)  # noqa: PTH101 # no path
        return os.open(itself, os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(handle)
