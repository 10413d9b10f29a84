"""Put the parts of a worker together, as the settings say."""

import hashlib
import os
import zipfile
from pathlib import Path

from gobp.golang.dirhash import hash1
from gobp.modproxy.fetching.changing import ChangingAnswers
from gobp.modproxy.fetching.checks import NoNotary
from gobp.modproxy.fetching.files import FileFetcher
from gobp.modproxy.fetching.flights import FileFlights
from gobp.modproxy.fetching.jobs import Jobs
from gobp.modproxy.fetching.remembered import Memory, Misses
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.routing import Route
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.sources.chain import OffSource
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.proxy import ProxySource
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.tree.module_tree import ModuleTree


class _OneWay:
    """Every module by the same way."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def route(self, *_: str) -> Route | Answer:
        return self._route

    def visible(self, _: str, versions: tuple[str, ...]) -> tuple[str, ...]:
        return versions

    def refused_lookup(self, *_: str) -> Answer | None:
        return None


class _Sums:
    def __init__(self, source: ProxySource) -> None:
        self._source = source

    async def read(self, database: str, file: str) -> bytes:
        return await self._source.read(f"sumdb/{database}/{file}")


def _zip_hash(path: Path, _: ModuleFile) -> str:
    with zipfile.ZipFile(path) as archive:
        return hash1(
            (name, hashlib.sha256(archive.read(name)).hexdigest())
            for name in archive.namelist()
            if not name.endswith("/")
        )


def make_service(settings: Settings) -> ModuleService:
    """Return the service of a worker; to be called in its event loop."""
    tree = ModuleTree(Path(settings.root) / "public", durable=settings.durable)
    tree.prepare()
    sources = Sources(settings.upstream, direct=OffSource(), env=os.environ)
    source = sources.chain("")
    first = sources.proxy(sources.first_url(""))
    misses = Misses()
    return ModuleService(
        router=_OneWay(Route(source, (tree,), notarised=False)),
        files=FileFetcher(
            jobs=Jobs(running=64, waiting=1000),
            flights=FileFlights(tree.locks),
            notary=NoNotary(),
            zip_hash=_zip_hash,
        ),
        changing=ChangingAnswers(
            jobs=Jobs(running=64, waiting=1000),
            memory=Memory(),
            misses=misses,
            fresh=settings.fresh,
            timeout=settings.limits.request_timeout,
        ),
        misses=misses,
        databases=DatabaseFiles(tree, _Sums(first), frozenset(settings.sums.proxied)),
        fresh=settings.fresh,
        request_timeout=settings.limits.request_timeout,
    )
