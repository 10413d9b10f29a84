"""A tree of module files in a folder, as a ``file://`` entry of GOPROXY names it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.sources.http import MOST_SMALL_BYTES
from gobp.modproxy.sources.proxy import ProxySource
from gobp.modproxy.sources.source import NotFoundError, RefusedError, Sink, UnavailableError

_CHUNK = 1024 * 1024
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class FileSource(ProxySource):
    """The tree below a folder (see Source): a file that is not there is not found."""

    def __init__(self, root: Path) -> None:
        self.name = root.as_uri()
        self._root = root

    async def read(self, path: str) -> bytes:
        """See ProxySource.read."""
        with self._told(path):
            return await asyncio.to_thread(_read_small, self._root / path)

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch."""
        with self._told(file.path):
            stream = await asyncio.to_thread((self._root / file.path).open, "rb", buffering=0)
        with stream:
            with self._told(file.path):
                size = stream.seek(0, 2)
                stream.seek(0)
            sink.expect(size)
            while True:
                with self._told(file.path):
                    chunk = await asyncio.to_thread(stream.read, _CHUNK)
                if not chunk:
                    return
                await sink.write(chunk)

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        """Turn the errors of reading into those of sources; those of a sink are not among them."""
        try:
            yield
        except _ABSENT:
            raise NotFoundError(f"{self.name}/{path}: no such file") from None
        except PermissionError:
            raise RefusedError(f"{self.name}/{path}: permission denied") from None
        except OSError as error:
            raise UnavailableError(f"{self.name}/{path}: {error.strerror}") from None


def _read_small(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(MOST_SMALL_BYTES + 1)
    if len(content) > MOST_SMALL_BYTES:
        raise UnavailableError(f"{path.name} is larger than {MOST_SMALL_BYTES} bytes")
    return content
