"""Lists, latest versions and queries: answers that change, so they are asked for again."""

import asyncio
from collections.abc import Awaitable, Callable

from gobp.modproxy.fetching.jobs import Jobs, wait
from gobp.modproxy.fetching.remembered import Memory, Misses, Remembered
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import (
    Kind,
    Latest,
    ModuleFile,
    Query,
    VersionList,
    is_canonical,
)
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.protocol.version_list import (
    format_version_list,
    in_order,
    latest_of,
    parse_version_list,
)
from gobp.modproxy.routing import Route
from gobp.modproxy.settings.schema import Fresh
from gobp.modproxy.sources.source import NotFoundError, SourceError

Changing = VersionList | Latest | Query
_Ask = Callable[[Changing, Route], Awaitable[bytes]]


class ChangingAnswers:
    """Gives answers that may change: young ones at once, older ones as ``fresh`` says.

    Where the source fails, the last answer is given, whatever its age, and where there is none,
    what can be told from the files of the tree.
    """

    def __init__(
        self, *, jobs: Jobs[bytes], memory: Memory, misses: Misses, fresh: Fresh, timeout: float
    ) -> None:
        self._jobs = jobs
        self._memory = memory
        self._misses = misses
        self._fresh = fresh
        self._timeout = timeout

    async def versions(
        self, request: VersionList, route: Route, *, cached_only: bool
    ) -> tuple[tuple[str, ...], Origin]:
        """Return the tagged versions of a module, and how they were found. Raises SourceError."""
        stored = in_order(v for tree in route.trees for v in tree.versions(request.module))
        try:
            content, origin = await self._content(request, route, cached_only=cached_only)
        except SourceError:
            if stored:
                return stored, Origin.STALE
            raise
        return in_order((*parse_version_list(request.module, content), *stored)), origin

    async def info(
        self, request: Latest | Query, route: Route, *, cached_only: bool
    ) -> tuple[VersionInfo, Origin]:
        """Return the version that is the latest or that a query means. Raises SourceError."""
        try:
            content, origin = await self._content(request, route, cached_only=cached_only)
        except SourceError:
            stored = self._stored_latest(request, route)
            if stored is None:
                raise
            return stored, Origin.STALE
        return VersionInfo.parse(content), origin

    async def _content(
        self, request: Changing, route: Route, *, cached_only: bool
    ) -> tuple[bytes, Origin]:
        known = self._memory.recall(route.tree, request)
        if known is not None and (cached_only or known.age < self._time_to_live(request)):
            return known.content, Origin.TREE
        if cached_only:
            raise NotFoundError(f"{request.module} is temporarily unavailable: it is not cached")
        self._misses.check(request)
        job = self._jobs.start(repr(request), lambda: self._ask(request, route))
        if known is not None and known.age < self._fresh.stale:
            return known.content, Origin.STALE
        return await self._asked(request, job, known)

    async def _asked(
        self, request: Changing, job: "asyncio.Task[bytes]", known: Remembered | None
    ) -> tuple[bytes, Origin]:
        try:
            return await wait(job, self._timeout), Origin.FETCHED
        except NotFoundError as error:
            seconds = self._fresh.missing_module
            self._misses.keep(request, error, seconds)
            raise
        except SourceError:
            if known is None:
                raise
            return known.content, Origin.STALE

    async def _ask(self, request: Changing, route: Route) -> bytes:
        """Ask the source, and remember its answer."""
        if isinstance(request, VersionList):
            content = format_version_list(await route.source.versions(request.module))
        else:
            info = await self._info_from(request, route)
            self._keep_version(request.module, info, route)
            content = info.content
        await asyncio.to_thread(self._memory.keep, route.tree, request, content)
        return content

    async def _info_from(self, request: Latest | Query, route: Route) -> VersionInfo:
        if isinstance(request, Latest):
            return await route.source.latest(request.module)
        return await route.source.info(request.module, request.query)

    def _keep_version(self, module: str, info: VersionInfo, route: Route) -> None:
        """Keep what a query was answered with under the version's own name too."""
        if is_canonical(module, info.version):
            route.tree.publish_small(ModuleFile(module, info.version, Kind.INFO), info.content)

    def _stored_latest(self, request: Latest | Query, route: Route) -> VersionInfo | None:
        """Return the latest version by the files of the trees, None if they do not tell."""
        if not isinstance(request, Latest):
            return None
        stored = {v: tree for tree in route.trees for v in tree.stored_versions(request.module)}
        tagged = [v for tree in route.trees for v in tree.versions(request.module)]
        version = latest_of(tagged or stored)
        if not version:
            return None
        path = stored[version].find(ModuleFile(request.module, version, Kind.INFO))
        if path is None:
            return VersionInfo.make(version, "")
        return VersionInfo.parse(path.read_bytes())

    def _time_to_live(self, request: Changing) -> float:
        match request:
            case VersionList():
                return self._fresh.list
            case Latest():
                return self._fresh.latest
            case Query():
                return self._fresh.query
