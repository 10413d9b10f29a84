"""Folders that a sandboxed command may write: given to its user before, and taken back after.

What a command leaves may have any modes, links, names and depth.
"""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gobp.buildservice.sandbox.sandbox import SandboxError
from gobp.buildservice.sandbox.trees import DEEPEST, Entry, walk
from gobp.buildservice.sandbox.user import User

_PLAIN = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def given_to(user: User, folders: Sequence[Path]) -> Iterator[None]:
    """Let the user of commands own folders, with all that is in them, until the block ends.

    Then all of it is ours again, none of it unreadable, and none of it setuid; what is too deep for
    others to remove is removed. Raises SandboxError for what is no folder, or a link to one.
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


def _give(folder: Path, user: User) -> None:
    """Change the owner, but of files with several names: another name may be in a cache."""
    if user.is_other:
        os.chown(folder, user.uid, user.gid, follow_symlinks=False)
        for entry in walk(folder):
            if entry.is_folder or entry.stat.st_nlink == 1:
                _chown(entry, user.uid, user.gid)


def _take_back(folder: Path, user: User) -> None:
    """Own all of it. By now no process is there that could replace anything."""
    if user.is_other:
        os.chown(folder, os.geteuid(), os.getegid(), follow_symlinks=False)
    folder.chmod(_harmless(folder.stat().st_mode))
    too_deep: list[Path] = []
    _take_back_below(folder, user, too_deep)
    for flat in too_deep:  # which grows while there is more below
        _take_back_below(flat, user, too_deep)
    for flat in too_deep:
        shutil.rmtree(flat)


def _take_back_below(folder: Path, user: User, too_deep: list[Path]) -> None:
    """Own what is below a folder; move folders that are too deep beside it, and note them."""
    for entry in walk(folder):
        if user.is_other:
            _chown(entry, os.geteuid(), os.getegid())
        mode = entry.stat.st_mode
        if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != _harmless(mode):
            os.chmod(entry.name, _harmless(mode), dir_fd=entry.folder)  # no path
        if entry.is_folder and entry.depth >= DEEPEST:
            flat = folder.with_name(f".gobp-{secrets.token_hex(8)}")
            os.rename(entry.name, flat, src_dir_fd=entry.folder)  # as above
            too_deep.append(flat)


def _harmless(mode: int) -> int:
    """Return a mode that the owner can read, write and, of a folder, enter; and never setuid."""
    enter = stat.S_IXUSR if stat.S_ISDIR(mode) else 0
    return stat.S_IMODE(mode) & _PLAIN | stat.S_IRUSR | stat.S_IWUSR | enter


def _chown(entry: Entry, uid: int, gid: int) -> None:
    os.chown(entry.name, uid, gid, dir_fd=entry.folder, follow_symlinks=False)
