"""Where checksum databases are asked: at a URL that is set, through proxies, or themselves."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from gobp.golang.sumdb import parse_gosumdb
from gobp.modproxy.settings.schema import Sums
from gobp.modproxy.sources.chain import first
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.proxy import ProxySource
from gobp.modproxy.sources.source import NotFoundError, Source


class _Files(Protocol):
    async def read(self, path: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Place:
    """A database below a path of a server."""

    files: _Files
    prefix: str = ""

    async def read(self, file: str) -> bytes:
        return await self.files.read(f"{self.prefix}{file}")


class DatabaseSource:
    """Asks databases (see SumdbSource).

    As in cmd/go/internal/modfetch, ``dbClient.initBase``: the first upstream proxy that says it
    supports a database is used for it, and no other way; else it is asked at its own name.
    Raises UserError for settings that name no database, or no URL.
    """

    def __init__(self, settings: Sums, sources: Sources) -> None:
        self._sources = sources
        urls = dict(settings.urls)
        database = parse_gosumdb(settings.database)
        if database is not None and database.url:
            urls.setdefault(database.name, database.url)
        self._at_urls = {name: _Place(sources.proxy(url)) for name, url in urls.items()}
        self._places: dict[str, asyncio.Task[_Place]] = {}

    async def read(self, database: str, file: str) -> bytes:
        """See SumdbSource.read."""
        place = await self._place(database)
        return await place.read(file)

    async def _place(self, database: str) -> _Place:
        """Return where a database is asked; it is found out once, by one request at a time."""
        finding = self._places.get(database)
        if finding is None or _failed(finding):
            finding = asyncio.ensure_future(self._find(database))
            self._places[database] = finding
        return await asyncio.shield(finding)

    async def _find(self, database: str) -> _Place:
        if database in self._at_urls:
            return self._at_urls[database]

        async def supported(source: Source) -> _Place:
            if not isinstance(source, ProxySource):
                raise NotFoundError(f"{source.name} is no proxy for checksum databases")
            await source.read(f"sumdb/{database}/supported")
            return _Place(source, f"sumdb/{database}/")

        try:
            return await first(self._sources.links(""), supported)
        except NotFoundError:
            return _Place(self._sources.proxy(f"https://{database}"))


def _failed(task: "asyncio.Task[_Place]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
