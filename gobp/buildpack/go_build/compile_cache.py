"""The compile cache as a layer: Go's GOCACHE, swept of what the last build did not use.

Go trims its cache by age, and a restored cache has no age: the lifecycle gives every file the
time of its restoration. So each entry is made old before a build; go freshens what it uses.
"""

import os
import time
from pathlib import Path

_OLD = 1.0  # seconds since 1970; anything that go counts as older than an hour
_TRIM_MARK = "trim.txt"


def mark_old(cache: Path) -> None:
    """Make every entry old, and tell go that it has trimmed the cache just now."""
    for entry in _entries(cache):
        os.utime(entry, (_OLD, _OLD))
    cache.mkdir(parents=True, exist_ok=True)
    (cache / _TRIM_MARK).write_text(f"{int(time.time())}\n", encoding="ascii")


def sweep(cache: Path) -> int:
    """Remove the entries that were not used since they were marked; return how many went."""
    unused = [entry for entry in _entries(cache) if entry.stat().st_mtime <= _OLD]
    for entry in unused:
        entry.unlink()
    (cache / _TRIM_MARK).unlink(missing_ok=True)  # it holds the time of the build
    return len(unused)


def _entries(cache: Path) -> list[Path]:
    """Return the files of the cache's 256 folders, named by the first byte of what they hold."""
    if not cache.is_dir():
        return []
    folders = [path for path in cache.iterdir() if path.is_dir() and len(path.name) == 2]
    return [entry for folder in folders for entry in folder.iterdir()]
