"""What a build uses of Go's compile cache: all is marked old before it, and go freshens entries.

Go trims its cache by age, and a restored cache has none. Source: cmd/go, ``internal/cache``.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gobp.system.files import remove_tree

_OLD = 1.0  # seconds since 1970; anything that go counts as older than an hour
_TRIM_MARK = "trim.txt"


@dataclass(frozen=True, slots=True)
class CacheFile:
    """A file of the cache: its name in it, its size in bytes, whether the build used it."""

    name: str
    size: int
    used: bool


def mark_old(cache: Path) -> None:
    """Make every entry old, and tell go that it has trimmed the cache just now."""
    for entry in _entries(cache):
        os.utime(entry.path, (_OLD, _OLD))
    cache.mkdir(parents=True, exist_ok=True)
    (cache / _TRIM_MARK).write_text(f"{int(time.time())}\n", encoding="ascii")


def sweep(cache: Path) -> int:
    """Remove the entries that were not used since they were marked; return how many went."""
    unused = [Path(entry.path) for entry in _entries(cache) if not _is_used(entry)]
    for path in unused:
        remove_tree(path)  # programs that go keeps (go run, go tool) are in folders of their own
    (cache / _TRIM_MARK).unlink(missing_ok=True)  # it holds the time of the build
    return len(unused)


def cache_files(cache: Path) -> Iterator[CacheFile]:
    """Yield the files of all entries, in no order."""
    for entry in _entries(cache):
        used = _is_used(entry)
        name = os.path.relpath(entry.path, cache)
        if not entry.is_dir():
            yield CacheFile(name, entry.stat().st_size, used)
            continue
        with os.scandir(entry.path) as programs:
            for program in programs:
                yield CacheFile(f"{name}/{program.name}", program.stat().st_size, used)


def _is_used(entry: "os.DirEntry[str]") -> bool:
    return entry.stat().st_mtime > _OLD


def _entries(cache: Path) -> list["os.DirEntry[str]"]:
    """Return what is in the cache's 256 folders, named by the first byte of what they hold."""
    if not cache.is_dir():
        return []
    found: list[os.DirEntry[str]] = []
    with os.scandir(cache) as folders:
        for folder in folders:
            if len(folder.name) == 2 and folder.is_dir():  # a byte in hex
                with os.scandir(folder.path) as entries:
                    found.extend(entries)
    return found
