"""HTTP as the go command speaks it, for a server: one pool of connections, bounded in all ways."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import aiohttp

from gobp.modproxy.settings.schema import Upstream
from gobp.modproxy.sources.forward_proxies import ForwardProxies
from gobp.modproxy.sources.outages import Outages
from gobp.modproxy.sources.source import (
    RefusedError,
    SourceError,
    UnavailableError,
    UnreachableError,
)
from gobp.modproxy.sources.trouble import PassingError, host_of, shown, told
from gobp.system.fetch import ca_bundle
from gobp.system.netrc import THIS_MACHINE, basic_authorization

_T = TypeVar("_T")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10
_KEPT_ALIVE = 90  # seconds, as Go keeps idle connections
_BUFFER = 256 * 1024
_FIRST_PAUSE = 0.25  # seconds, twice as long before each further attempt
_LONGEST_PAUSE = 10.0


class Web:
    """Asks other servers.

    Forward proxies, certificates and netrc are those that ``env`` names. Credentials go to the
    origin they are for and nowhere else.
    """

    def __init__(self, settings: Upstream, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self._proxies = ForwardProxies.from_environment(env)
        self._outages = Outages()
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool of connections, which belongs to the event loop that first asks for it."""
        if self._session is None:
            self._session = self._open()
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def retried(self, url: str, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Return what an attempt to ask ``url`` gives, trying again after passing trouble.

        A host that was just found down is not asked for some seconds. Raises SourceError.
        """
        host = host_of(urlsplit(url))
        self._outages.check(host)
        attempts = 1 if self._outages.is_down(host) else self._settings.attempts
        for number in range(1, attempts + 1):
            try:
                result = await attempt()
            except PassingError as error:
                pause = _pause(number, error)
                if number == attempts or pause > _LONGEST_PAUSE:
                    raise self._noted(host, error) from None
            except SourceError:
                self._outages.answered(host)
                raise
            else:
                self._outages.answered(host)
                return result
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def get(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give the answer to one request, after redirects, whatever its status.

        Raises PassingError and UnavailableError, for trouble while the body is read too.
        """
        response = await self._followed(url, dict(headers or {}))
        try:
            with told(str(response.url)):
                yield response
        finally:
            response.release()

    def _open(self) -> aiohttp.ClientSession:
        settings = self._settings
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                limit_per_host=settings.per_host,
                keepalive_timeout=_KEPT_ALIVE,
                ttl_dns_cache=60,
                ssl=_tls(self._env),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "gobp", "Accept-Encoding": "identity"},
            read_bufsize=_BUFFER,
        )

    async def _followed(self, url: str, headers: dict[str, str]) -> aiohttp.ClientResponse:
        """Return the answer at the end of the redirects; credentials stay with their origin."""
        authorization = basic_authorization(url, self._env)
        _keep_off_plain_http(url, authorization)
        own = _origin(urlsplit(url))
        for _ in range(_MOST_REDIRECTS + 1):
            known = bool(authorization) and _origin(urlsplit(url)) == own
            sent = headers | {"Authorization": authorization} if known else headers
            response = await self._ask(url, sent)
            if response.status not in _REDIRECTS or "Location" not in response.headers:
                return response
            response.release()
            url = _redirected(url, response.headers["Location"])
        raise UnavailableError(f"{shown(url)}: stopped after {_MOST_REDIRECTS} redirects")

    async def _ask(self, url: str, headers: dict[str, str]) -> aiohttp.ClientResponse:
        parts, proxy = urlsplit(url), self._proxies.of(url)
        with told(url):
            return await self.session.get(
                urlunsplit(parts._replace(netloc=host_of(parts))),
                headers=headers,
                proxy=proxy or None,
                timeout=self._timeout(through_proxy=bool(proxy)),
                allow_redirects=False,
            )

    def _timeout(self, *, through_proxy: bool) -> aiohttp.ClientTimeout:
        """Return how long each step of a request may take.

        A forward proxy may take a connection and then say nothing, which no other bound is for.
        """
        connect, read = self._settings.connect_timeout, self._settings.read_timeout
        return aiohttp.ClientTimeout(
            connect=connect + read if through_proxy else None, sock_connect=connect, sock_read=read
        )

    def _noted(self, host: str, error: PassingError) -> UnavailableError:
        """Remember whether the host is up; return the error as others are to see it."""
        if error.unreached != host:
            self._outages.answered(host)
            return error
        self._outages.failed(host, error)
        return UnreachableError(error.text, status=error.status, retry_after=error.retry_after)


def check_url(url: str) -> None:
    """Raise RefusedError for a URL that would send a password where anybody can read it."""
    _keep_off_plain_http(url, basic_authorization(url, {}))


def _keep_off_plain_http(url: str, authorization: str) -> None:
    parts = urlsplit(url)
    if authorization and parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        raise RefusedError(f"{shown(url)} would get a password over plain http")


def _tls(env: Mapping[str, str]) -> ssl.SSLContext:
    folder = env.get("SSL_CERT_DIR") or None
    return ssl.create_default_context(cafile=ca_bundle(env), capath=folder)


def _pause(number: int, error: PassingError) -> float:
    """Return how many seconds to wait after an attempt: a little by chance, as many may wait."""
    if error.retry_after:
        return float(error.retry_after)
    by_chance = 0.5 + random.random()  # noqa: S311 # no secret
    return _FIRST_PAUSE * (1 << (number - 1)) * by_chance


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        scheme, _ = urlsplit(target).scheme, urlsplit(target).port
    except ValueError:
        raise UnavailableError(f"{shown(url)} redirects to what is no address") from None
    if scheme not in {"http", "https"}:
        raise UnavailableError(f"{shown(url)} redirects to {shown(target)}")
    if scheme == "http" and urlsplit(url).scheme == "https":
        raise UnavailableError(f"{shown(url)} redirects to plain http, {shown(target)}")
    return target


def _origin(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, host_of(parts).lower()
