"""Another module proxy as a source, asked over HTTP."""

import asyncio
import re
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

import aiohttp

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.sources.proxy import ProxySource
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    Sink,
    SourceError,
    UnavailableError,
)
from gobp.modproxy.sources.trouble import PassingError
from gobp.modproxy.sources.web import Web
from gobp.system.fetch import redacted

MOST_SMALL_BYTES = 16 * 1024 * 1024
_MOST_ERROR_BYTES = 2000
_SMALL_SECONDS = 60.0  # for the body of a small file, however it trickles
_LONGEST_RETRY_AFTER = 3600
_MISSING = frozenset({404, 410})
_PASSING = frozenset({429, 500, 502, 503, 504})
_OVERLOADED = frozenset({429, 503})
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+|\*)", re.ASCII)


class HttpSource(ProxySource):
    """A proxy at a base URL (see Source).

    ``forbidden_is_missing``: whether 403 means that there is no such module.
    """

    def __init__(self, url: str, web: Web, *, forbidden_is_missing: bool = False) -> None:
        self.name = redacted(url)
        self._url = url.rstrip("/")
        self._web = web
        self._forbidden_is_missing = forbidden_is_missing

    async def read(self, path: str) -> bytes:
        """See ProxySource.read."""
        url = self._url_of(path)

        async def attempt() -> bytes:
            async with self._web.get(url) as response:
                await self.check(response)
                async with asyncio.timeout(_SMALL_SECONDS):
                    return await _whole(response.content)

        return await self._web.retried(url, attempt)

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch. What was cut short is taken up where it broke off."""
        url = self._url_of(file.path)
        download = _Download(self, self._web, url, sink)
        await self._web.retried(url, download.attempt)

    async def check(self, response: aiohttp.ClientResponse) -> None:
        """Raise SourceError for every answer but 200."""
        if response.status != 200:
            raise self._error(response, await _text_of(response))

    def _url_of(self, path: str) -> str:
        parts = urlsplit(self._url)
        return parts._replace(path=f"{parts.path}/{quote(path, safe='/@!+')}").geturl()

    def _error(self, response: aiohttp.ClientResponse, text: str) -> SourceError:
        status = response.status
        said = f"{self.name} answered {status} {response.reason or ''}".rstrip()
        if status in _MISSING or (status == 403 and self._forbidden_is_missing):
            return NotFoundError(text or said, status=status if status in _MISSING else 404)
        explained = f"{said}: {text}" if text else said
        if status in _PASSING:
            return PassingError(
                explained,
                status=503 if status in _OVERLOADED else (504 if status == 504 else 502),
                retry_after=_retry_after(response),
            )
        if status in {400, 403}:
            return RefusedError(text or said, status=status)
        if status == 401:  # it is this server, not its client, that is not known there
            return RefusedError(explained, status=403)
        return UnavailableError(explained)


class _Download:
    """One file on its way to a sink, over as many attempts as it takes."""

    def __init__(self, source: HttpSource, web: Web, url: str, sink: Sink) -> None:
        self._source = source
        self._web = web
        self._url = url
        self._sink = sink
        self._received = 0
        self._length: int | None = None
        self._validator = ""

    async def attempt(self) -> None:
        """Write to the sink what it does not have yet. Raises SourceError."""
        async with self._web.get(self._url, self._headers()) as response:
            await self._check(response)
            skip = 0 if response.status == 206 else self._received
            async for chunk in response.content.iter_any():
                if skip >= len(chunk):
                    skip -= len(chunk)
                    continue
                await self._write(chunk[skip:])
                skip = 0
        if self._length is not None and self._received != self._length:
            raise self._changed(f"it ended after {self._received} of {self._length} bytes")

    def _headers(self) -> dict[str, str]:
        if not self._received:
            return {}
        headers = {"Range": f"bytes={self._received}-"}
        return headers | {"If-Range": self._validator} if self._validator else headers

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        """Raise SourceError unless the answer is the file, or its rest from where it broke off."""
        if response.status == 416 and self._received:
            raise self._changed("the rest of it is not there")
        if response.status == 206 and self._received:
            length = self._check_range(response.headers.get("Content-Range", ""))
        else:
            await self._source.check(response)
            # Of an answer that was encoded on its way the length is that of other bytes.
            length = None if "Content-Encoding" in response.headers else response.content_length
        validator = _validator(response)
        if self._received and (length != self._length or validator not in {"", self._validator}):
            raise self._changed("it is another file now")
        self._length = length
        self._validator = validator or self._validator

    def _check_range(self, content_range: str) -> int | None:
        """Return the length of the whole file."""
        match = _CONTENT_RANGE.fullmatch(content_range)
        if match is None or int(match[1]) != self._received:
            raise self._changed("the range that was sent is not the one asked for")
        return int(match[2]) if match[2] != "*" else self._length

    async def _write(self, chunk: bytes) -> None:
        if not self._received and self._length is not None:
            self._sink.expect(self._length)
        await self._sink.write(chunk)
        self._received += len(chunk)

    def _changed(self, why: str) -> UnavailableError:
        return UnavailableError(f"{redacted(self._url)} broke off and could not go on: {why}")


def _validator(response: aiohttp.ClientResponse) -> str:
    """Return what tells the bytes of a file from others, for If-Range; "" if nothing does."""
    etag = response.headers.get("ETag", "")
    return "" if etag.startswith("W/") else etag


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """Return all that comes. Raises UnavailableError for more than a small file has."""
    parts, size = [], 0
    async for chunk in content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        if size > MOST_SMALL_BYTES:
            raise UnavailableError(f"an answer is larger than {MOST_SMALL_BYTES} bytes")
    return b"".join(parts)


async def _text_of(response: aiohttp.ClientResponse) -> str:
    """Return what an error says, if it is text as the go command would show it."""
    if response.content_type != "text/plain":
        return ""
    async with asyncio.timeout(_SMALL_SECONDS):
        return (await response.content.read(_MOST_ERROR_BYTES)).decode("utf-8", "replace").strip()


def _retry_after(response: aiohttp.ClientResponse) -> int:
    """Return the seconds that an answer asks to wait, 0 where it asks for none that is bounded."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(int(value), _LONGEST_RETRY_AFTER)
    try:
        at, now = parsedate_to_datetime(value), parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return 0
    return max(0, min(int((at - now).total_seconds()), _LONGEST_RETRY_AFTER))
