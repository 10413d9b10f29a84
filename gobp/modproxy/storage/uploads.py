"""What is to be stored: a folder of notes, which all workers share and a crash leaves as it is."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gobp.modproxy.tree.module_tree import sync

_SECONDS_TO_APPEAR = 3600  # after which a file that was expected will not come any more


class Uploads:
    """Notes of keys, a file each. One that is being worked on is locked, as long as that lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def note(self, key: str) -> None:
        """Note a key, so that it is on the disk; one that is noted already stays."""
        path = self._path(key)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(key, encoding="utf-8")
        sync(new)
        new.replace(path)
        sync(self._folder)

    def noted(self) -> Iterator[str]:
        """Yield all keys that are noted."""
        for path in sorted(self._folder.glob("*.key")):
            try:
                yield path.read_text(encoding="utf-8")
            except FileNotFoundError:
                continue

    @contextmanager
    def claimed(self, key: str) -> Iterator[bool]:
        """Keep others from working on a key; False if somebody does, or it is done."""
        try:
            handle = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(handle)

    def done(self, key: str) -> None:
        """Remove a note."""
        self._path(key).unlink(missing_ok=True)

    def will_not_come(self, key: str) -> bool:
        """Say whether a key was noted so long ago that its file would be there."""
        try:
            return time.time() - self._path(key).stat().st_mtime > _SECONDS_TO_APPEAR
        except FileNotFoundError:
            return False

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.key"
