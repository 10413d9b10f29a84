"""A file that is being fetched, and read meanwhile by those who wait for it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from gobp.modproxy.sources.source import RefusedError, SourceError

HELD_BACK = 64 * 1024  # bytes at the end that nobody gets before the whole file is found right
_CHUNK = 256 * 1024


class Spool:
    """Takes the bytes of a file (a Sink), and gives them to any number of readers.

    ``size`` bytes have come of ``length``, which is None while it is not known.
    """

    def __init__(self, path: Path, *, most: int) -> None:
        self.path = path
        self.length: int | None = None
        self.size = 0
        self._most = most
        self._file = path.open("wb", buffering=0)
        self._verdict: SourceError | bool | None = None
        self._changed = asyncio.Event()

    def expect(self, length: int) -> None:
        """See Sink.expect. Raises RefusedError for a file that is larger than is allowed."""
        self._check_size(length)
        self.length = length
        self._tell()

    async def write(self, chunk: bytes) -> None:
        """See Sink.write."""
        self._check_size(self.size + len(chunk))
        self._file.write(chunk)
        self.size += len(chunk)
        self._tell()

    def finish(self, verdict: SourceError | None) -> None:
        """End the file: it is whole and right, or will never be."""
        self._file.close()
        self._verdict = verdict or True
        self._tell()

    async def headed(self) -> None:
        """Wait until the length is known or the end is there."""
        while self.length is None and self._verdict is None:
            await self._change()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file as it comes. Raises SourceError when it turns out wrong."""
        sent = 0
        with self.path.open("rb", buffering=0) as file:
            while True:
                ready = self._ready()
                while sent < ready:
                    chunk = file.read(min(_CHUNK, ready - sent))
                    sent += len(chunk)
                    yield chunk
                if self._verdict is True and sent == self.size:
                    return
                if self._ready() == ready:
                    await self._change()

    def _ready(self) -> int:
        if isinstance(self._verdict, SourceError):
            raise self._verdict
        return self.size if self._verdict else max(0, self.size - HELD_BACK)

    def _check_size(self, size: int) -> None:
        if size > self._most:
            raise RefusedError(
                f"the file is larger than the {self._most} bytes that a module may have", status=403
            )

    async def _change(self) -> None:
        await self._changed.wait()

    def _tell(self) -> None:
        """Wake all who wait; the next ones wait for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()
