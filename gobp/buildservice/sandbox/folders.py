"""Folders that a sandboxed command may write: given to its user before, and taken back after.

What a command leaves may have any modes, links and names. Nothing is followed out of the folder:
links are left alone, and by then none of the command's processes is there to replace anything.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gobp.buildservice.sandbox.sandbox import SandboxError
from gobp.buildservice.sandbox.user import User

_PLAIN = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def given_to(user: User, folders: Sequence[Path]) -> Iterator[None]:
    """Let the user of commands own folders, with all that is in them, until the block ends.

    Then all of it is ours again, none of it unreadable, and none of it setuid. Raises SandboxError
    for what is no folder, or a link to one.
    """
    for folder in folders:
        if folder.is_symlink() or not folder.is_dir():
            raise SandboxError(f"{folder} is no folder that can be given to a command")
    try:
        for folder in folders:
            _give(folder, user)
        yield
    finally:
        for folder in folders:
            _take_back(folder, user)


def _give(path: Path, user: User) -> None:
    """Change the owner, but of files with several names: another name may be in a cache."""
    if user.is_other:
        for entry in _all(path):
            found = os.lstat(entry)
            if stat.S_ISDIR(found.st_mode) or found.st_nlink == 1:
                os.chown(entry, user.uid, user.gid, follow_symlinks=False)


def _take_back(path: Path, user: User) -> None:
    for entry in _all(path):
        if user.is_other:
            os.chown(entry, os.geteuid(), os.getegid(), follow_symlinks=False)
        mode = os.lstat(entry).st_mode
        if not stat.S_ISLNK(mode):
            wanted = stat.S_IMODE(mode) & _PLAIN | stat.S_IRUSR | stat.S_IWUSR
            wanted |= stat.S_IXUSR if stat.S_ISDIR(mode) else 0
            if wanted != stat.S_IMODE(mode):
                os.chmod(entry, wanted)  # noqa: PTH101 # a Path for each of many files is slow


def _all(path: Path) -> Iterator[str]:
    """Yield a folder and what is in it, each folder before its content is looked at."""
    pending = [str(path)]
    while pending:
        folder = pending.pop()
        yield folder
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    yield entry.path
