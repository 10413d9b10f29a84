"""Objects as files of a folder, which processes (and machines, by NFS) may share."""

import asyncio
import fcntl
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gobp.buildservice.storage.objects import Found
from gobp.buildservice.storage.store import StorageError

_CHUNK = 1024 * 1024
_TMP = ".tmp"
_SECONDS_TO_LOCK = 10.0  # in which whoever made a temporary file has locked it


class FolderObjects:
    """See Objects. What was stored is on the disk, and so is its name, when a method returns."""

    def __init__(self, root: Path) -> None:
        """Make the folder. Raises StorageError."""
        self._root = root
        with self._failures_told():
            _make(root, mode=0o750)
            _make(root / _TMP)
            for temporary in (root / _TMP).iterdir():
                _remove_left(temporary)

    def create(self, key: str, content: bytes, /) -> bool:
        """See Objects.create."""
        with self._failures_told(), self._new_file() as (temporary, file):
            file.write(content)
            _finish(file)
            target = self._place(key)
            try:
                os.link(temporary, target)
            except FileExistsError:
                return False
            _sync(target.parent)
            return True

    def put_file(self, key: str, file: Path, /) -> None:
        """See Objects.put_file."""
        with (
            file.open("rb") as source,
            self._failures_told(),
            self._new_file() as (temporary, copy),
        ):
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
            _finish(copy)
            target = self._place(key)
            temporary.replace(target)
            _sync(target.parent)

    def get(self, key: str, /) -> bytes | None:
        """See Objects.get."""
        with self._failures_told():
            try:
                return self._path(key).read_bytes()
            except FileNotFoundError:
                return None

    def find(self, key: str, /) -> Found | None:
        """See Objects.find."""
        with self._failures_told():
            try:
                status = self._path(key).stat()
            except FileNotFoundError:
                return None
            return Found(key, status.st_size, status.st_mtime)

    def read(self, key: str, /, *, start: int, end: int | None) -> Iterator[bytes]:
        """See Objects.read."""
        file = self._open(key)
        size = os.fstat(file.fileno()).st_size
        left = min(size if end is None else end, size) - start
        if left <= 0:
            file.close()
            return iter(())
        return self._chunks(file, start, left)

    async def stream(self, key: str, /, *, start: int, end: int | None) -> AsyncIterator[bytes]:
        """See Objects.stream."""
        chunks = await asyncio.to_thread(self.read, key, start=start, end=end)
        while chunk := await asyncio.to_thread(next, chunks, b""):
            yield chunk

    def listed(self, folder: str, /) -> Iterator[Found]:
        """See Objects.listed."""
        with self._failures_told():
            for top, _, names in os.walk(self._path(folder)):
                for name in names:
                    found = self.find((Path(top) / name).relative_to(self._root).as_posix())
                    if found is not None:
                        yield found

    def remove(self, key: str, /) -> None:
        """See Objects.remove."""
        with self._failures_told():
            self._path(key).unlink(missing_ok=True)

    def path(self, key: str, /) -> Path | None:
        """See Objects.path."""
        path = self._path(key)
        if not path.is_file():
            raise KeyError(key)
        return path

    def url(self, key: str, name: str, media_type: str, /) -> str:  # noqa: ARG002 # the protocol's
        """See Objects.url."""
        return ""

    def _path(self, key: str) -> Path:
        """Return where an object is, or would be; a key that leads elsewhere is a bug."""
        if not key or any(part in {"", ".", ".."} for part in key.split("/")) or "\0" in key:
            raise ValueError(f"{key!r} is no key")
        return self._root / key

    def _place(self, key: str) -> Path:
        """Return where an object will be; its folder is there, and on the disk."""
        path = self._path(key)
        _make(path.parent)
        return path

    def _open(self, key: str) -> BinaryIO:
        with self._failures_told():
            try:
                return self._path(key).open("rb")
            except FileNotFoundError:
                raise KeyError(key) from None

    def _chunks(self, file: BinaryIO, start: int, left: int) -> Iterator[bytes]:
        with file:
            file.seek(start)
            while left > 0:
                with self._failures_told():
                    chunk = file.read(min(left, _CHUNK))
                if not chunk:
                    raise StorageError(f"the storage {self._root}: a file became shorter")
                left -= len(chunk)
                yield chunk

    @contextmanager
    def _new_file(self) -> Iterator[tuple[Path, BinaryIO]]:
        """Give an empty file of this file system; it is removed if nobody takes its name.

        It is locked, which tells a process that starts that it is in use.
        """
        handle, name = tempfile.mkstemp(dir=self._root / _TMP)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield path, file
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"the storage {self._root}: {error.strerror}") from error


def _remove_left(temporary: Path) -> None:
    """Remove what a process left that died, unless it lives after all."""
    with suppress(FileNotFoundError, BlockingIOError), temporary.open("rb") as file:
        if os.fstat(file.fileno()).st_mtime < time.time() - _SECONDS_TO_LOCK:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.unlink(missing_ok=True)


def _make(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those that it is in, where they are not there; they are on the disk."""
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    for each in reversed(missing):
        each.mkdir(mode, exist_ok=True)
        _sync(each.parent)


def _finish(file: BinaryIO) -> None:
    """Have a whole file be on the disk, readable for a web server too."""
    file.flush()
    os.fchmod(file.fileno(), 0o644)
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
