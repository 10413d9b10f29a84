"""A file that is being fetched, and read meanwhile by those who wait for it."""

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator
from pathlib import Path

from gobp.modproxy.sources.source import RefusedError, SourceError, UnavailableError
from gobp.system.files import write_all

HELD_BACK = 64 * 1024  # bytes at the end that nobody gets before the whole file is found right
WORTH_STREAMING = 1024 * 1024  # bytes of a file that readers need not wait for the end of
_CHUNK = 256 * 1024


class Spool:
    """Takes the bytes of a file (a Sink), and gives them to any number of readers.

    ``size`` bytes have come of ``length``, which is None while it is not known. ``large`` is done
    once the file is known to be one that is worth reading before its end.
    """

    def __init__(self, *, most: int) -> None:
        self.length: int | None = None
        self.size = 0
        self.large: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._most = most
        self._file = -1
        self._verdict: SourceError | bool | None = None
        self._changed = asyncio.Event()

    def open(self, path: Path) -> None:
        """Begin to write to an empty file, until ``finish``."""
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def expect(self, length: int) -> None:
        """See Sink.expect. Raises SourceError for a file that is larger than is allowed."""
        self._check_size(length)
        if self.size and self.length != length:
            raise UnavailableError("the file was of another length when its fetch began")
        self.length = length
        if length >= WORTH_STREAMING and not self.large.done():
            self.large.set_result(None)

    async def write(self, chunk: bytes) -> None:
        """See Sink.write. Raises OSError, as when the disk is full."""
        self._check_size(self.size + len(chunk))
        write_all(self._file, chunk)
        self.size += len(chunk)
        self._tell()

    def check_whole(self) -> None:
        """Raise UnavailableError unless as much has come as was announced."""
        if self.length is not None and self.size != self.length:
            raise UnavailableError(f"only {self.size} of {self.length} bytes have come")

    def finish(self, verdict: SourceError | None) -> None:
        """End the file: it is whole and right, or will never be."""
        self._verdict = verdict or True
        if self._file >= 0:
            os.close(self._file)
        self._tell()

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the file as it comes. Raises SourceError when it turns out wrong.

        To be called before ``finish``. Each reader has the open file for itself: it can end after
        that, when the file's name is gone, and when all have left, nothing is kept of the disk.
        """
        return self._chunks(_OpenFile(os.dup(self._file)))

    async def _chunks(self, file: "_OpenFile") -> AsyncGenerator[bytes, None]:
        sent = 0
        try:
            while self._verdict is not True or sent < self.size:
                ready = self._ready()
                if sent == ready:
                    await self._changed.wait()
                while sent < ready:
                    chunk = os.pread(file.handle, min(_CHUNK, ready - sent), sent)
                    sent += len(chunk)
                    yield chunk
        finally:
            file.close()

    def _ready(self) -> int:
        if isinstance(self._verdict, SourceError):
            raise self._verdict
        return self.size if self._verdict else max(0, self.size - HELD_BACK)

    def _check_size(self, size: int) -> None:
        if size > self._most:
            raise RefusedError(
                f"the file is larger than the {self._most} bytes that a module may have", status=403
            )

    def _tell(self) -> None:
        """Wake all who wait; the next ones wait for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()


class _OpenFile:
    """A file that is closed when it is said, or when nobody can read it any more."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.close = weakref.finalize(self, os.close, handle)
