"""PUT <module>/@v/<version>.zip: a version is published by HTTP, into the private tree."""

import asyncio
import time
from collections.abc import AsyncIterable, Callable
from pathlib import Path
from typing import Protocol

from gobp.errors import UserError
from gobp.golang.modzip import MOST_BYTES as MOST_ZIP_BYTES
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.fetching.backing import Backing, NoBacking
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.fetching.flights import Flights
from gobp.modproxy.protocol.answers import TEXT, Answer, failure
from gobp.modproxy.protocol.requests import (
    Kind,
    ModuleFile,
    NotOfTheProtocolError,
    parse_request,
)
from gobp.modproxy.protocol.version_info import BadVersionInfoError, VersionInfo
from gobp.modproxy.published.headers import Headers
from gobp.modproxy.published.release import (
    INFO_HEADER,
    OtherContentError,
    Release,
    check_other_content,
    go_mod_of,
    put,
)
from gobp.modproxy.routing import Route
from gobp.modproxy.sources.source import SourceError

_MOST_DRAINED = 64 * 1024 * 1024


class Publisher(Protocol):
    """Who asks; the name of anybody is "" (a Principal of access)."""

    @property
    def name(self) -> str:
        """The name of the user or token."""
        ...

    def may_publish(self, module: str) -> bool:
        """Say whether versions of a module may be added."""
        ...


class Routes(Protocol):
    """Knows which modules are private (a Router)."""

    def route(self, module: str, version: str = "") -> Route | Answer:
        """Return the way of a module, or the answer where a rule gives it."""
        ...


class _Refused(Exception):  # noqa: N818 # it carries an answer, which is no error of ours
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.answer = failure(status, text)


class Upload:
    """Takes versions of private modules. ``on_published`` hears of each new file and its size."""

    def __init__(
        self,
        *,
        router: Routes,
        flights: Flights,
        zip_hash: ZipHash,
        backing: Backing | None = None,
        on_published: Callable[[ModuleFile, int, Route], None] = lambda *_: None,
    ) -> None:
        self._router = router
        self._flights = flights
        self._zip_hash = zip_hash
        self._backing = backing or NoBacking()
        self._on_published = on_published

    async def answer(
        self, path: str, headers: Headers, body: AsyncIterable[bytes], who: Publisher
    ) -> Answer:
        """Return the answer to a PUT: 201 published, 200 was there already, else why not.

        ``path`` is decoded, without the base path and leading slash.
        """
        try:
            file, route = self._target(path, who)
            _check_length(headers.get("content-length"))
            info = _info(file, headers.get(INFO_HEADER))
        except _Refused as refused:
            await _drain(body)
            return refused.answer
        with route.tree.new_file() as temporary:
            try:
                await _receive(body, temporary)
                release = await asyncio.to_thread(self._release, temporary, file, info)
                return await self._publish(release, route)
            except _Refused as refused:
                return refused.answer
            except SourceError as error:
                return failure(422, error.text)
            except OtherContentError as error:
                return failure(409, f"{error.summary}\n{error.remedy}")
            except UserError as error:
                return failure(422, f"{error.summary}\n{error.remedy}")

    def _target(self, path: str, who: Publisher) -> tuple[ModuleFile, Route]:
        """Return what may be put where. Raises _Refused."""
        try:
            file = parse_request(path)
        except NotOfTheProtocolError as error:
            raise _Refused(404, f"not found: {error}") from None
        if not isinstance(file, ModuleFile) or file.kind is not Kind.ZIP:
            raise _Refused(405, "only MODULE/@v/VERSION.zip can be put here")
        if is_pseudo_version(file.version):
            raise _Refused(422, f"{file.version} is a pseudo-version: publish a tagged version")
        if not who.may_publish(file.module):
            raise _Refused(
                403 if who.name else 401, f"{who.name or 'nobody'} may not publish {file.module}"
            )
        route = self._router.route(file.module, file.version)
        if isinstance(route, Answer):
            raise _Refused(403, f"a rule of this server is against {file.module}@{file.version}")
        if not route.private:
            raise _Refused(
                403, f"{file.module} is no private module here: a rule has to say private: true"
            )
        return file, route

    def _release(self, temporary: Path, file: ModuleFile, info: bytes) -> Release:
        h1 = self._zip_hash(temporary, file)
        mod = go_mod_of(temporary, file)
        return Release(file.module, file.version, temporary, h1, mod, info)

    async def _publish(self, release: Release, route: Route) -> Answer:
        file = release.file(Kind.ZIP)
        files = [release.file(kind) for kind in (Kind.ZIP, Kind.MOD, Kind.INFO)]
        async with self._flights.hold(file.path, unless=lambda: False):
            if route.tree.find(file) is None:
                await self._backing.load(file, route.tree)  # another node may have it
            for each in files:
                self._backing.expect(each, route.tree)
            new = await asyncio.to_thread(self._put, release, route)
            for each in files if new else ():
                await self._backing.store(each, route.tree)
        for each in files if new else ():
            self._on_published(each, route.tree.path_of(each).stat().st_size, route)
        text = f"{release} {release.h1} {'is published' if new else 'was published already'}\n"
        return Answer(201 if new else 200, TEXT, text.encode())

    def _put(self, release: Release, route: Route) -> bool:
        for tree in route.trees:
            check_other_content(tree, release, self._zip_hash)
        return put(route.tree, release, self._zip_hash)


def _check_length(length: str | None) -> None:
    if length and length.isdecimal() and int(length) > MOST_ZIP_BYTES:
        raise _Refused(413, f"a module zip has at most {MOST_ZIP_BYTES} bytes")


def _info(file: ModuleFile, given: str | None) -> bytes:
    """Return the .info file of the version; none given, its time is now. Raises _Refused."""
    if not given:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return VersionInfo.make(file.version, now).content
    try:
        info = VersionInfo.parse(given.encode("ascii", "replace"))
    except BadVersionInfoError as error:
        raise _Refused(422, f"the header {INFO_HEADER}: {error}") from None
    if info.version != file.version:
        raise _Refused(422, f"the header {INFO_HEADER} is of {info.version}, not {file.version}")
    return info.content


async def _receive(body: AsyncIterable[bytes], target: Path) -> None:
    """Write a body to a file. Raises _Refused for one that is too large."""
    size = 0
    with target.open("wb") as file:
        async for chunk in body:
            size += len(chunk)
            if size > MOST_ZIP_BYTES:
                raise _Refused(413, f"a module zip has at most {MOST_ZIP_BYTES} bytes")
            await asyncio.to_thread(file.write, chunk)


async def _drain(body: AsyncIterable[bytes]) -> None:
    """Read on, within bounds: many clients see an answer only after they have sent everything."""
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > _MOST_DRAINED:
            return
