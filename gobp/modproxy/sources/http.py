"""Another module proxy as a source, asked over HTTP."""

from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp

from gobp.golang.module import escape_path, escape_version
from gobp.modproxy.protocol.requests import Kind, ModuleFile, version_folder
from gobp.modproxy.protocol.version_info import BadVersionInfoError, VersionInfo
from gobp.modproxy.protocol.version_list import parse_version_list
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    Sink,
    SourceError,
    UnavailableError,
)

_CHUNK = 256 * 1024
_MOST_SMALL = 8 * 1024 * 1024


class HttpSource:
    """A proxy at a base URL (see Source)."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        parts = urlsplit(url)
        self.name = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        self._url = url.rstrip("/")
        self._session = session

    async def versions(self, module: str) -> tuple[str, ...]:
        """See Source.versions."""
        return parse_version_list(module, await self.read(f"{version_folder(module)}/list"))

    async def latest(self, module: str) -> VersionInfo:
        """See Source.latest."""
        return self._info(await self.read(f"{escape_path(module)}/@latest"))

    async def info(self, module: str, query: str) -> VersionInfo:
        """See Source.info."""
        path = f"{version_folder(module)}/{escape_version(query)}.{Kind.INFO}"
        return self._info(await self.read(path))

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch."""
        try:
            async with self._get(file.path) as response:
                await self._check(response)
                if response.content_length is not None:
                    sink.expect(response.content_length)
                async for chunk in response.content.iter_chunked(_CHUNK):
                    await sink.write(chunk)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnavailableError(f"{self.name}: {error}") from None

    async def read(self, path: str) -> bytes:
        """Return a small file of the proxy. Raises SourceError."""
        try:
            async with self._get(path) as response:
                await self._check(response)
                return await _whole(response.content)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnavailableError(f"{self.name}: {error}") from None

    async def close(self) -> None:
        """See Source.close."""

    def _get(self, path: str) -> "aiohttp.client._RequestContextManager":
        return self._session.get(f"{self._url}/{quote(path, safe='/@!+')}")

    def _info(self, content: bytes) -> VersionInfo:
        try:
            return VersionInfo.parse(content)
        except BadVersionInfoError as error:
            raise UnavailableError(f"{self.name} answered no .info file: {error}") from None

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        if response.status == 200:
            return
        text = (await response.content.read(2000)).decode("utf-8", "replace")
        raise self._error(response.status, text)

    def _error(self, status: int, text: str) -> SourceError:
        if status in {404, 410}:
            return NotFoundError(text or "not found", status=status)
        if status in {400, 401, 403}:
            return RefusedError(text or f"{self.name} answered {status}", status=status)
        return UnavailableError(f"{self.name} answered {status}: {text}")


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """Return all that comes. Raises UnavailableError for more than a small file has."""
    parts, size = [], 0
    async for chunk in content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        if size > _MOST_SMALL:
            raise UnavailableError(f"an answer is larger than {_MOST_SMALL} bytes")
    return b"".join(parts)
