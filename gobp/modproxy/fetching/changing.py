"""Lists, latest versions and queries: answers that change, so they are asked for again."""

import asyncio
import contextlib
import logging

from gobp.modproxy.fetching.backing import Backing, NoBacking
from gobp.modproxy.fetching.files import FileFetcher
from gobp.modproxy.fetching.jobs import Jobs, wait
from gobp.modproxy.fetching.remembered import Changing, Memory, Misses
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
from gobp.modproxy.protocol.version_list import format_version_list, in_order, parse_version_list
from gobp.modproxy.routing import Route
from gobp.modproxy.settings.schema import Fresh, Mode
from gobp.modproxy.sources.source import NotFoundError, SourceError

_log = logging.getLogger(__name__)


class ChangingAnswers:
    """Gives answers that may change: young ones at once, older ones as ``fresh`` says.

    Where the source fails, the last answer is given, whatever its age; where it says that there is
    no such module any more, the list is that of the files that are stored.
    """

    def __init__(  # noqa: PLR0913 # its collaborators, all by name
        self,
        *,
        jobs: Jobs[bytes],
        memory: Memory,
        misses: Misses,
        files: FileFetcher,
        fresh: Fresh,
        timeout: float,
        backing: Backing | None = None,
    ) -> None:
        self._jobs = jobs
        self._memory = memory
        self._misses = misses
        self._files = files
        self._fresh = fresh
        self._timeout = timeout
        self._backing = backing or NoBacking()

    async def versions(
        self, request: VersionList, route: Route, *, cached_only: bool
    ) -> tuple[tuple[str, ...], Origin]:
        """Return the tagged versions of a module, and how they were found. Raises SourceError."""
        stored = [v for tree in route.trees for v in tree.versions(request.module)]
        try:
            content, origin = await self._content(request, route, cached_only=cached_only)
        except SourceError:
            stored.extend(await self._stored_elsewhere(request.module, route, needed=not stored))
            if not stored:
                raise
            return in_order(stored), Origin.STALE
        return in_order((*parse_version_list(request.module, content), *stored)), origin

    async def info(
        self, request: Latest | Query, route: Route, *, cached_only: bool
    ) -> tuple[VersionInfo, Origin]:
        """Return the version that the source calls the latest, or that a query means.

        Raises SourceError.
        """
        content, origin = await self._content(request, route, cached_only=cached_only)
        return VersionInfo.parse(content), origin

    def stored(self, module: str, route: Route) -> tuple[str, ...]:
        """Return all versions, pseudo-versions too, that the trees have an .info file of."""
        return in_order(
            version
            for tree in route.trees
            for version in tree.stored_versions(module)
            if tree.find(ModuleFile(module, version, Kind.INFO))
        )

    async def drain(self, seconds: float) -> None:
        """Let what is being asked end, for so long."""
        await self._jobs.drain(seconds)

    async def _content(
        self, request: Changing, route: Route, *, cached_only: bool
    ) -> tuple[bytes, Origin]:
        known = self._memory.recall(route.tree, request)
        if known is not None and (cached_only or known.age < self._time_to_live(request)):
            return known.content, Origin.TREE
        if cached_only:
            raise NotFoundError(f"{request.module} is temporarily unavailable: it is not cached")
        self._misses.check(request)
        try:
            job = self._jobs.start(repr(request), lambda: self._ask(request, route))
            if known is not None and known.age < self._fresh.stale:
                return known.content, Origin.STALE
            return await wait(job, self._timeout), Origin.FETCHED
        except NotFoundError:
            raise
        except SourceError:
            if known is None:
                raise
            return known.content, Origin.STALE

    async def _ask(self, request: Changing, route: Route) -> bytes:
        """Ask the source, and remember its answer."""
        try:
            content = await self._answer(request, route)
        except NotFoundError as error:
            self._misses.keep(request, error, self._fresh.missing_module)
            raise
        try:
            await asyncio.to_thread(self._memory.keep, route.tree, request, content)
        except OSError as error:  # as a full disk: the answer is right all the same
            _log.warning("%s: the answer cannot be remembered: %s", request, error)
        return content

    async def _answer(self, request: Changing, route: Route) -> bytes:
        if isinstance(request, VersionList):
            return await self._list(request.module, route)
        if isinstance(request, Latest):
            info = await route.source.latest(request.module)
        else:
            info = await route.source.info(request.module, request.query)
        if is_canonical(request.module, info.version) and route.mode is not Mode.NONE:
            with contextlib.suppress(OSError):  # it is asked for by its own name, too
                await self._files.keep_info(request.module, info, route)
        return info.content

    async def _list(self, module: str, route: Route) -> bytes:
        tagged = await route.source.versions(module)
        elsewhere = await self._stored_elsewhere(module, route, needed=False)
        return format_version_list((*tagged, *elsewhere))

    async def _stored_elsewhere(self, module: str, route: Route, *, needed: bool) -> list[str]:
        """Return the versions that the storage behind the trees has.

        Raises SourceError where it cannot be asked, if its answer is needed.
        """
        try:
            return [v for tree in route.trees for v in await self._backing.versions(module, tree)]
        except SourceError:
            if needed:
                raise
            return []

    def _time_to_live(self, request: Changing) -> float:
        match request:
            case VersionList():
                return self._fresh.list
            case Latest():
                return self._fresh.latest
            case Query():
                return self._fresh.query
