"""All sources of modules, by their names in GOPROXY."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp

from gobp.errors import UserError
from gobp.modproxy.settings.schema import Upstream
from gobp.modproxy.sources.chain import ChainSource, Link, OffSource
from gobp.modproxy.sources.files import FileSource
from gobp.modproxy.sources.http import HttpSource
from gobp.modproxy.sources.source import RefusedError, Source
from gobp.modproxy.sources.web import Web, check_url
from gobp.system.fetch import redacted

DIRECT = "direct"
OFF = "off"
_SEPARATORS = (",", "|")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of GOPROXY: a URL, ``direct`` or ``off``.

    ``falls_back``: the next one is asked after any error (``|``), not only after 404 and 410.
    """

    place: str
    falls_back: bool = False


def parse_goproxy(goproxy: str) -> tuple[Entry, ...]:
    """Return the entries of a GOPROXY up to ``direct`` or ``off``, which end it.

    As cmd/go/internal/modfetch, ``proxyList``. Raises UserError if there are none or one is bad.
    """
    entries: list[Entry] = []
    rest = goproxy
    while rest:
        place, separator, rest = _cut(rest)
        place = place.strip()
        if place in {DIRECT, OFF}:
            return (*entries, Entry(place))
        if place:
            entries.append(Entry(_url(place), separator == "|"))
    if not entries:
        raise _bad(goproxy, "it contains no entries")
    return tuple(entries)


class Sources:
    """Makes each source once, and has the connections that they share.

    ``direct`` is version control; whoever made it closes it. ``env`` has the variables by which
    connections are made: HTTP_PROXY and the like, SSL_CERT_FILE, NETRC.
    """

    def __init__(self, settings: Upstream, *, direct: Source, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._direct = direct
        self._web = Web(settings, env)
        self._off = OffSource()
        self._sources: dict[str, Source] = {}
        self._chains: dict[str, Source] = {}

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections, once they are open."""
        return self._web.session

    async def open(self) -> None:
        """Make the pool of connections, which belongs to the event loop that runs."""
        _ = self._web.session

    async def close(self) -> None:
        """Close all connections."""
        await self._web.close()

    def chain(self, goproxy: str) -> Source:
        """Return the source that a GOPROXY means; ``upstream.proxies`` for an empty one.

        The same one each time. Raises UserError.
        """
        known = self._chains.get(goproxy)
        if known is None:
            links = self.links(goproxy)
            known = links[0].source if len(links) == 1 else ChainSource(links)
            self._chains[goproxy] = known
        return known

    def links(self, goproxy: str) -> tuple[Link, ...]:
        """Return the sources that a GOPROXY names, in order; see chain."""
        entries = parse_goproxy(goproxy or self._settings.proxies)
        return tuple(
            Link(self._source(entry.place), entry.falls_back, entry.place == DIRECT)
            for entry in entries
        )

    def first_url(self, goproxy: str) -> str:
        """Return the first http or https URL of a GOPROXY, without credentials; "" for none."""
        for entry in parse_goproxy(goproxy or self._settings.proxies):
            if entry.place.startswith(("http://", "https://")):
                return redacted(entry.place)
        return ""

    def proxy(self, url: str) -> HttpSource | FileSource:
        """Return the source at a URL, the same one each time. Raises UserError."""
        known = self._sources.get(url)
        if not isinstance(known, HttpSource | FileSource):
            known = self._make(url)
            self._sources[url] = known
        return known

    def _source(self, place: str) -> Source:
        if place == DIRECT:
            return self._direct
        return self._off if place == OFF else self.proxy(place)

    def _make(self, url: str) -> HttpSource | FileSource:
        url = _url(url)
        if url.startswith("file:"):
            return FileSource(Path(unquote(urlsplit(url).path)))
        return HttpSource(url, self._web, forbidden_is_missing=self._settings.forbidden_is_missing)


def _cut(goproxy: str) -> tuple[str, str, str]:
    """Return the first entry, the separator after it, and the rest."""
    for position, character in enumerate(goproxy):
        if character in _SEPARATORS:
            return goproxy[:position], character, goproxy[position + 1 :]
    return goproxy, "", ""


def _url(place: str) -> str:
    """Return the URL of an entry, to which https:// is added where it has no scheme."""
    looks_like_host = any(character in place for character in ".:/")
    if looks_like_host and ":/" not in place and not place.startswith("/"):
        place = f"https://{place}"
    try:
        parts = urlsplit(place)
        _ = parts.port  # raises ValueError for one that is no number
    except ValueError:
        raise _bad(place, "it is no URL") from None
    if parts.scheme not in {"http", "https", "file"}:
        raise _bad(place, "its scheme is none of https, http and file")
    if parts.scheme == "file":
        if parts.netloc or parts.query or parts.fragment or not parts.path.startswith("/"):
            raise _bad(place, "a file:// URL has nothing but an absolute path")
        return place
    if not parts.hostname:
        raise _bad(place, "it names no host")
    return _checked(place)


def _checked(url: str) -> str:
    try:
        check_url(url)
    except RefusedError as error:
        raise UserError(
            error.text, remedy="use https:// for an address with a user and password."
        ) from None
    return url


def _bad(place: str, reason: str) -> UserError:
    return UserError(
        f"GOPROXY has {redacted(place)!r}: {reason}",
        remedy="write URLs with commas between them; direct or off may be the last.",
    )
