"""The module proxy without its server: a request of the protocol in, an answer out."""

from pathlib import Path

from gobp.modproxy.fetching.changing import ChangingAnswers
from gobp.modproxy.fetching.files import FileFetcher
from gobp.modproxy.fetching.remembered import Misses
from gobp.modproxy.protocol.answers import (
    JSON,
    TEXT,
    ZIP,
    Answer,
    Keep,
    Origin,
    Streamed,
    failure,
    found,
)
from gobp.modproxy.protocol.requests import (
    Kind,
    Latest,
    ModuleFile,
    Query,
    Request,
    SumdbFile,
    VersionList,
)
from gobp.modproxy.routing import Route, Router
from gobp.modproxy.settings.schema import Fresh, Mode
from gobp.modproxy.sources.source import NotFoundError, SourceError
from gobp.modproxy.sums.database_files import DatabaseFiles

_TYPES = {Kind.INFO: JSON, Kind.MOD: TEXT, Kind.ZIP: ZIP}
_FOUND_ELSEWHERE = 302


class ModuleService:
    """Answers from the trees, and fills them."""

    def __init__(  # noqa: PLR0913 # its collaborators, all by name
        self,
        *,
        router: Router,
        files: FileFetcher,
        changing: ChangingAnswers,
        misses: Misses,
        databases: DatabaseFiles,
        fresh: Fresh,
        request_timeout: float,
    ) -> None:
        self._router = router
        self._files = files
        self._changing = changing
        self._misses = misses
        self._databases = databases
        self._fresh = fresh
        self._timeout = request_timeout

    async def answer(self, request: Request, *, cached_only: bool = False) -> Answer:
        """Return the answer to a request; with ``cached_only`` nothing is fetched."""
        try:
            match request:
                case ModuleFile():
                    return await self._file(request, cached_only=cached_only)
                case VersionList() | Latest() | Query():
                    return await self._changing_one(request, cached_only=cached_only)
                case _:
                    return await self._database(request, cached_only=cached_only)
        except SourceError as error:
            return failure(error.status, error.text, retry_after=error.retry_after)

    async def drain(self, seconds: float) -> None:
        """Let what is being fetched end, for so long."""
        await self._files.drain(seconds)

    async def _file(self, file: ModuleFile, *, cached_only: bool) -> Answer:
        route = self._router.route(file.module, file.version, file.path)
        if isinstance(route, Answer):
            return route
        for tree in route.trees:
            path = tree.find(file)
            if path is not None:
                return _file_answer(file, path, Origin.TREE)
        if cached_only or route.mode is Mode.CACHED_ONLY:
            return _not_cached(str(file))
        self._misses.check(file)
        if route.mode is not Mode.SYNC:
            return self._elsewhere(file, route)
        try:
            body = await self._files.get(file, route, self._timeout)
        except NotFoundError as error:
            self._misses.keep(file, error, self._fresh.missing_version)
            raise
        return _file_answer(file, body, Origin.FETCHED)

    def _elsewhere(self, file: ModuleFile, route: Route) -> Answer:
        """Send the client to the next proxy, or to the upstream, and fetch the file meanwhile."""
        if route.mode is not Mode.NONE:
            self._files.begin(file, route)
        return _elsewhere(route, file.path, str(file))

    async def _database(self, request: SumdbFile, *, cached_only: bool) -> Answer:
        looked_up = request.looked_up
        refused = self._router.refused_lookup(*looked_up) if looked_up else None
        return refused or await self._databases.answer(request, cached_only=cached_only)

    async def _changing_one(
        self, request: VersionList | Latest | Query, *, cached_only: bool
    ) -> Answer:
        route = self._router.route(request.module, path=request.path)
        if isinstance(route, Answer):
            return route
        cached_only = cached_only or route.mode is Mode.CACHED_ONLY
        if isinstance(request, VersionList):
            versions, origin = await self._changing.versions(
                request, route, cached_only=cached_only
            )
            visible = self._router.visible(request.module, versions)
            body = "".join(f"{version}\n" for version in visible).encode()
            return found(TEXT, body, Keep.A_MINUTE, origin)
        info, origin = await self._changing.info(request, route, cached_only=cached_only)
        if not self._router.visible(request.module, (info.version,)):
            raise NotFoundError(f"{request.module}: the version asked for is not offered here")
        return found(JSON, info.content, Keep.A_MINUTE, origin)


def _file_answer(file: ModuleFile, body: Path | Streamed, origin: Origin) -> Answer:
    return found(_TYPES[file.kind], body, Keep.FOR_EVER, origin)


def _not_cached(what: str) -> Answer:
    return failure(404, f"{what} is temporarily unavailable: it is not in the cache")


def _elsewhere(route: Route, path: str, what: str) -> Answer:
    if route.mode is Mode.ASYNC:
        return failure(404, f"{what} is being fetched: it is here soon")
    target = f"{route.upstream.rstrip('/')}/{path}"
    return Answer(
        _FOUND_ELSEWHERE, TEXT, b"", Keep.NOT, Origin.NONE, headers=(("location", target),)
    )
