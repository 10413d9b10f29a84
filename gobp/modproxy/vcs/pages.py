"""The pages of hosts that tell of modules and repositories."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from gobp.modproxy.settings.schema import Upstream
from gobp.modproxy.sources.forward_proxies import ForwardProxies
from gobp.modproxy.sources.source import RefusedError, UnavailableError
from gobp.modproxy.sources.web import Web
from gobp.modproxy.vcs.hosts import Hosts
from gobp.system.fetch import redacted

_MOST_BYTES = 4 * 1024 * 1024
_SECONDS = 60
_MISSING = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Page:
    """The answer of a host; ``url`` is without credentials."""

    url: str
    status: int
    text: str

    @property
    def is_missing(self) -> bool:
        """Whether the host says that it has no such page."""
        return self.status in _MISSING


class Pages:
    """Reads pages, with the credentials for their hosts."""

    def __init__(self, hosts: Hosts, env: Mapping[str, str]) -> None:
        self._hosts = hosts
        self._web = Web(Upstream(attempts=2), env)
        self._proxies = ForwardProxies.from_environment(env)

    async def read(self, url: str) -> Page:
        """Return a page by its https URL, whatever its status; by http where that is allowed.

        Raises UnavailableError.
        """
        if not self._hosts.allows_insecure(url):
            return await self._web.retried(url, lambda: self._read(url))
        try:
            return await self._read_insecurely(url)
        except UnavailableError:
            return await self._read_insecurely(url.replace("https:", "http:", 1))

    async def exists(self, url: str) -> bool:
        """Say whether a repository may be at a URL: the host does not answer that none is."""
        if urlsplit(url).scheme != "https":
            return True
        try:
            return not (await self.read(url)).is_missing
        except (UnavailableError, RefusedError):
            return True

    async def close(self) -> None:
        """Let go of connections."""
        await self._web.close()

    async def _read(self, url: str) -> Page:
        try:
            async with (
                asyncio.timeout(_SECONDS),
                self._web.get(self._hosts.web_url(url)) as response,
            ):
                return Page(url, response.status, await _text(response, url))
        except TimeoutError:
            raise UnavailableError(f"{url}: it did not answer in time", status=504) from None

    async def _read_insecurely(self, url: str) -> Page:
        """Return a page of a host that nobody vouches for; it gets no credentials."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_SECONDS)) as session,
                session.get(url, ssl=False, proxy=self._proxies.of(url) or None) as response,
            ):
                return Page(url, response.status, await _text(response, url))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UnavailableError(f"{url}: {redacted(str(error))}") from None


async def _text(response: aiohttp.ClientResponse, url: str) -> str:
    content = b""
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _MOST_BYTES:
            raise UnavailableError(f"{url}: the page is larger than {_MOST_BYTES} bytes")
    return content.decode("utf-8", "replace")
