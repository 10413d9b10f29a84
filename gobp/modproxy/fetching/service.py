"""The module proxy without its server: a request of the protocol in, an answer out."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gobp.errors import UserError
from gobp.golang.module import check_path
from gobp.golang.pseudo import is_pseudo_version
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
from gobp.modproxy.protocol.version_list import format_version_list, latest_of
from gobp.modproxy.routing import Route, Router
from gobp.modproxy.settings.schema import Fresh, Mode
from gobp.modproxy.sources.source import (
    NotFoundError,
    SourceError,
    UnavailableError,
    UnreachableError,
)
from gobp.modproxy.sums.database_files import DatabaseFiles

_TYPES = {Kind.INFO: JSON, Kind.MOD: TEXT, Kind.ZIP: ZIP}
_FOUND_ELSEWHERE = 302
_FAILURES = 400  # and above


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
        except UnreachableError as error:
            around = self._module_around(request)
            if around:
                return failure(404, f"{error.text}\n{around} is here, and nothing below it")
            return failure(error.status, error.text, retry_after=error.retry_after)
        except SourceError as error:
            return failure(error.status, error.text, retry_after=error.retry_after)

    async def drain(self, seconds: float) -> None:
        """Let what is being fetched end, for so long."""
        await asyncio.gather(self._files.drain(seconds), self._changing.drain(seconds))

    def _module_around(self, request: Request) -> str:
        """Return the stored module that a path without anything stored is below, "" if none is.

        A go command that looks for a package tries each path above it as a module. Those that are
        none were never seen here; without upstream it must learn so, or it could not use the
        module that is here.
        """
        if isinstance(request, SumdbFile) or self._stored(request.module):
            return ""
        if isinstance(request, ModuleFile) and request.kind is not Kind.INFO:
            return ""
        above = request.module.rpartition("/")[0]
        while above and not self._stored(above):
            above = above.rpartition("/")[0]
        return above

    def _stored(self, path: str) -> bool:
        try:
            check_path(path)
        except UserError:  # what is above a module need be none
            return False
        route = self._router.route(path)
        return isinstance(route, Route) and bool(self._changing.stored(path, route))

    async def _file(self, file: ModuleFile, *, cached_only: bool) -> Answer:
        route = self._router.route(file.module, file.version, file.path)
        if isinstance(route, Answer):
            return route
        url = await self._files.url(file, route)
        if url:
            return _sent_to(url)
        for tree in route.trees:
            path = tree.find(file)
            if path is not None:
                return _file_answer(file, path, Origin.TREE)
        if cached_only or route.mode is Mode.CACHED_ONLY:
            path = await self._files.load(file, route, self._timeout)
            return _file_answer(file, path, Origin.FETCHED)
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
            with contextlib.suppress(UnavailableError):  # too many fetches: the next client's turn
                job = self._files.begin(file, route)
                job.add_done_callback(lambda ended: self._note_miss(file, ended))
        if route.mode is Mode.ASYNC:
            return failure(404, f"{file} is being fetched: it is here soon")
        return _sent_to(f"{route.upstream.rstrip('/')}/{file.path}")

    def _note_miss(self, file: ModuleFile, ended: "asyncio.Task[Path]") -> None:
        error = None if ended.cancelled() else ended.exception()
        if isinstance(error, NotFoundError):
            self._misses.keep(file, error, self._fresh.missing_version)

    async def _database(self, request: SumdbFile, *, cached_only: bool) -> Answer:
        looked_up = request.looked_up
        refused = self._router.refused_lookup(*looked_up) if looked_up else None
        return refused or await self._databases.answer(request, cached_only=cached_only)

    async def _changing_one(
        self, request: VersionList | Latest | Query, *, cached_only: bool
    ) -> Answer:
        """Answer what may change, in all modes but cached-only by asking: it is small."""
        route = self._router.route(request.module, path=request.path)
        if isinstance(route, Answer):
            return route
        cached_only = cached_only or route.mode is Mode.CACHED_ONLY
        match request:
            case VersionList():
                return await self._list(request, route, cached_only=cached_only)
            case Latest():
                return await self._latest(request, route, cached_only=cached_only)
            case Query():
                return await self._info(request, route, cached_only=cached_only)

    async def _list(self, request: VersionList, route: Route, *, cached_only: bool) -> Answer:
        versions, origin = await self._changing.versions(request, route, cached_only=cached_only)
        visible = self._router.visible(request.module, versions)
        return found(TEXT, format_version_list(visible), Keep.A_MINUTE, origin)

    async def _info(self, request: Latest | Query, route: Route, *, cached_only: bool) -> Answer:
        info, origin = await self._changing.info(request, route, cached_only=cached_only)
        if not self._router.visible(request.module, (info.version,)):
            raise NotFoundError(f"{request.module}: the version asked for is not offered here")
        return found(JSON, info.content, Keep.A_MINUTE, origin)

    async def _latest(self, request: Latest, route: Route, *, cached_only: bool) -> Answer:
        """Return what the source calls the latest, or else the latest that is known.

        Else is: the source knows none, as it may (https://go.dev/ref/mod#goproxy-protocol), or
        cannot be reached, or calls one the latest that is hidden.
        """
        try:
            return await self._info(request, route, cached_only=cached_only)
        except SourceError as error:
            if isinstance(error, NotFoundError):
                computed = await self._latest_listed(request.module, route, cached_only=cached_only)
            else:
                computed = None
            computed = computed or await self._latest_stored(request.module, route)
            if computed is None:
                raise
            return computed

    async def _latest_listed(
        self, module: str, route: Route, *, cached_only: bool
    ) -> Answer | None:
        try:
            listed, _ = await self._changing.versions(
                VersionList(module), route, cached_only=cached_only
            )
        except SourceError:
            return None
        return await self._latest_of(module, listed, cached_only=cached_only)

    async def _latest_stored(self, module: str, route: Route) -> Answer | None:
        stored = self._changing.stored(module, route)
        tagged = [version for version in stored if not is_pseudo_version(version)]
        return await self._latest_of(module, tagged or stored, cached_only=True)

    async def _latest_of(
        self, module: str, versions: Sequence[str], *, cached_only: bool
    ) -> Answer | None:
        """Return the .info of the latest version that no rule hides, None if there is none."""
        version = latest_of(self._router.visible(module, tuple(versions)))
        if not version:
            return None
        file = ModuleFile(module, version, Kind.INFO)
        answer = await self.answer(file, cached_only=cached_only)
        if answer.status >= _FAILURES:
            return None
        return replace(answer, keep=Keep.A_MINUTE, origin=Origin.STALE)


def _file_answer(file: ModuleFile, body: Path | Streamed, origin: Origin) -> Answer:
    return found(_TYPES[file.kind], body, Keep.FOR_EVER, origin)


def _sent_to(url: str) -> Answer:
    return Answer(_FOUND_ELSEWHERE, TEXT, b"", Keep.NOT, Origin.NONE, headers=(("location", url),))
