"""Keep the cache of the go command from growing for ever.

https://go.dev/ref/mod#module-cache: a version is a zip below cache/download, and its files. Anybody
may ask for any module, so that what was not used longest goes when there is too much.
"""

import fcntl
import logging
import os
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gobp.system.files import remove_tree

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 60.0
_SHARE_LEFT = 0.75  # of what there may be, after some was removed


@dataclass(frozen=True, slots=True)
class _Kept:
    """A version: when it was used last, its bytes with those of its files."""

    used: float
    zip: Path
    size: int


class ModuleCache:
    """The cache in ``folder`` (GOMODCACHE), which is to have at most so many bytes."""

    def __init__(
        self, folder: Path, most: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._most = most
        self._clock = clock
        self._next = clock() + _SECONDS_BETWEEN_LOOKS
        self._lock = threading.Lock()

    def used(self, file: Path) -> None:
        """Note that a zip was used; now and then, look whether there is too much."""
        with suppress(FileNotFoundError):
            os.utime(file)
        if self._clock() >= self._next and self._lock.acquire(blocking=False):
            try:
                self._next = self._clock() + _SECONDS_BETWEEN_LOOKS
                self.trim()
            finally:
                self._lock.release()

    def trim(self) -> int:
        """Remove what was not used longest, where there is too much; return how many versions."""
        kept = sorted(self._kept(), key=lambda each: (each.used, each.zip))
        total = sum(each.size for each in kept)
        if total <= self._most:
            return 0
        removed = 0
        for each in kept:
            if total <= self._most * _SHARE_LEFT:
                break
            self._remove(each.zip)
            total -= each.size
            removed += 1
        _LOG.info("%d modules were removed from the cache of sources", removed)
        return removed

    def _kept(self) -> list[_Kept]:
        kept = []
        for file in (self._folder / "cache" / "download").rglob("@v/*.zip"):
            with suppress(FileNotFoundError, zipfile.BadZipFile):
                found = file.stat()
                with zipfile.ZipFile(file) as archive:
                    unpacked = sum(entry.file_size for entry in archive.infolist())
                kept.append(_Kept(found.st_mtime, file, found.st_size + unpacked))
        return kept

    def _remove(self, file: Path) -> None:
        """Remove a version, while no go command is at it: they hold the same lock.

        Paths and versions are escaped in the names of the files as in those of the folders.
        """
        download = self._folder / "cache" / "download"
        path = file.parent.parent.relative_to(download)
        with file.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            file.unlink(missing_ok=True)
            file.with_suffix(".ziphash").unlink(missing_ok=True)
            remove_tree(self._folder / f"{path}@{file.stem}")
