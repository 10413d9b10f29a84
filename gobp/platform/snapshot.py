"""What the app's folder looks like: enough of each file to see later whether it is another.

A file whose size, mode, inode and times are as they were is the same, unless it changed so shortly
before it was looked at that the clock could not tell; then, and where only times moved, its
content decides. Little is imported here: a build without a change does no more than this.
"""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

_CHUNK = 1024 * 1024
_CLOCK_STEP_NS = 50_000_000  # file systems tell times apart that are this far from each other
_TOO_FRESH = 0  # no file has this time, so one that has it is looked at again

Chosen = Callable[[str], bool]
"""Tells of a path relative to the app whether it belongs to something."""


class Seen(NamedTuple):
    """A file, link or folder when it was looked at; ``digest`` is "" where it was not read."""

    mode: int
    size: int = 0
    inode: int = 0
    modified_ns: int = 0
    changed_ns: int = 0
    digest: str = ""

    @classmethod
    def of(cls, status: os.stat_result, digest: str = "", *, now_ns: int) -> "Seen":
        """Return what a status tells; of a folder the mode alone: its files speak for it.

        ``now_ns`` is a time before the status was asked for.
        """
        if stat.S_ISDIR(status.st_mode):
            return cls(status.st_mode)
        fresh = status.st_ctime_ns >= now_ns - _CLOCK_STEP_NS
        changed = _TOO_FRESH if fresh else status.st_ctime_ns
        identity = status.st_size, status.st_ino, status.st_mtime_ns
        return cls(status.st_mode, *identity, changed, digest)

    def is_still(self, now: "Seen") -> bool:
        """Tell whether another look shows the same, without a look at the content."""
        return self[:-1] == now[:-1] and (self.changed_ns != _TOO_FRESH or stat.S_ISDIR(self.mode))

    def may_be(self, now: "Seen") -> bool:
        """Tell whether the content can be the same."""
        return self.digest != "" and (self.mode, self.size) == (now.mode, now.size)


Snapshot = Mapping[str, Seen]
"""Everything in a folder by its path relative to it."""


def entries_below(
    root: str, chosen: Chosen, path: str = ""
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield all that ``chosen`` holds in a folder: a folder before what is in it, by name."""
    with os.scandir(f"{root}/{path}" if path else root) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        below = f"{path}/{entry.name}" if path else entry.name
        if not chosen(below):
            continue
        yield below, entry
        if entry.is_dir(follow_symlinks=False):
            yield from entries_below(root, chosen, below)


def content_digest(path: str) -> str:
    """Return the digest of a file's content or of a link's target."""
    if os.path.islink(path):  # noqa: PTH114 # paths here are texts
        return hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()  # noqa: PTH115
    checksum = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 # paths here are texts
        while chunk := file.read(_CHUNK):
            checksum.update(chunk)
    return checksum.hexdigest()


def still_there(root: str, known: Snapshot, chosen: Chosen) -> bool:
    """Tell whether a folder holds what is known of it and nothing else, times left aside."""
    now_ns = time.time_ns()
    found = 0
    for path, entry in entries_below(root, chosen):
        was = known.get(path)
        now = Seen.of(entry.stat(follow_symlinks=False), now_ns=now_ns)
        if was is None or not (was.is_still(now) or _same_content(entry.path, was, now)):
            return False
        found += 1
    return found == len(known)


def _same_content(path: str, was: Seen, now: Seen) -> bool:
    return was.may_be(now) and content_digest(path) == was.digest


def facts_digest(paths: Iterable[str]) -> str:
    """Return a digest of the names, modes, sizes, inodes and times of files and folders' files.

    Paths of nothing count as such; the files that Python caches count nothing.
    """
    now_ns = time.time_ns()
    checksum = hashlib.sha256()
    for path in paths:
        for name, seen in _all_of(os.path.realpath(path), now_ns):
            checksum.update(os.fsencode(f"{path}\0{name}\0{tuple(seen or ())}\n"))
    return checksum.hexdigest()


def _all_of(path: str, now_ns: int) -> Iterator[tuple[str, Seen | None]]:
    try:
        status = os.stat(path)  # noqa: PTH116 # paths here are texts
    except OSError:
        yield "", None
        return
    yield "", Seen.of(status, now_ns=now_ns)
    if stat.S_ISDIR(status.st_mode):
        for name, entry in entries_below(path, lambda below: not below.endswith("__pycache__")):
            yield name, Seen.of(entry.stat(follow_symlinks=False), now_ns=now_ns)
