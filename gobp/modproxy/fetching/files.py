"""Fetch one file of a version into the tree: on its own, once, checked, then published."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gobp.golang.modzip import MOST_BYTES, MOST_GO_MOD_BYTES
from gobp.modproxy.fetching.backing import Backing, NoBacking
from gobp.modproxy.fetching.checks import (
    Notary,
    Pins,
    ZipHash,
    check_info,
    mod_hash,
    pins_of_private_zip,
)
from gobp.modproxy.fetching.disk import disk_trouble_told
from gobp.modproxy.fetching.flights import Flights
from gobp.modproxy.fetching.jobs import Jobs, wait
from gobp.modproxy.fetching.spool import Spool
from gobp.modproxy.protocol.answers import Streamed
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.routing import Route
from gobp.modproxy.sources.source import NotFoundError, SourceError, UnavailableError
from gobp.modproxy.tree.module_tree import ChangedVersionError, ModuleTree

_MOST_STREAMS = 64  # at the same time: each may keep a thread of the server busy


@dataclass(frozen=True, slots=True)
class _Fetch:
    """A fetch that goes on, and what has come of its file."""

    job: "asyncio.Task[Path]"
    spool: Spool


class FileFetcher:
    """Gets files that the tree does not have.

    ``on_published`` is told of each file that is new in a tree, and of its size in bytes.
    """

    def __init__(
        self,
        *,
        jobs: Jobs[Path],
        flights: Flights,
        notary: Notary,
        zip_hash: ZipHash,
        backing: Backing | None = None,
        on_published: Callable[[ModuleFile, int, Route], None] = lambda *_: None,
    ) -> None:
        self._jobs = jobs
        self._flights = flights
        self._notary = notary
        self._zip_hash = zip_hash
        self._backing = backing or NoBacking()
        self._on_published = on_published
        self._fetches: dict[str, _Fetch] = {}
        self._streams = 0
        self._storing: set[asyncio.Task[None]] = set()

    def begin(self, file: ModuleFile, route: Route) -> "asyncio.Task[Path]":
        """Have a file be fetched; it goes on whoever waits. Raises UnavailableError if full."""
        return self._begin(file, route).job

    async def get(self, file: ModuleFile, route: Route, seconds: float) -> Path | Streamed:
        """Return the file once it is published, or, of a large one, its bytes as they come.

        Raises SourceError.
        """
        fetch = self._begin(file, route)
        ends: set[asyncio.Future[Any]] = {fetch.job, fetch.spool.large}
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if fetch.job.done() or self._streams >= _MOST_STREAMS:
            return await wait(fetch.job, seconds)
        if fetch.spool.large.done():
            return Streamed(fetch.spool.length, self._stream(fetch.spool.chunks()))
        return await wait(fetch.job, 0)

    async def load(self, file: ModuleFile, route: Route, seconds: float) -> Path:
        """Return a file that the storage behind the tree has. Raises SourceError."""
        return await wait(
            self._jobs.start(f"load {file}", lambda: self._load(file, route)), seconds
        )

    async def url(self, file: ModuleFile, route: Route) -> str:
        """Return where the storage behind the tree gives a large file itself, "" if nowhere."""
        return await self._backing.url(file, route.tree)

    async def keep_info(self, module: str, info: VersionInfo, route: Route) -> None:
        """Keep the .info file of a version that was told by another name. Raises OSError."""
        file = ModuleFile(module, info.version, Kind.INFO)
        if route.tree.find(file) is None:
            self._backing.expect(file, route.tree)
            await asyncio.to_thread(route.tree.publish_small, file, info.content)
            self._published(file, len(info.content), route, AsyncExitStack())

    async def drain(self, seconds: float) -> None:
        """Let what is being fetched, and stored behind the tree, end, for so long."""
        await self._jobs.drain(seconds)
        if self._storing:
            await asyncio.wait(self._storing, timeout=seconds)

    async def _stream(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        self._streams += 1
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
        finally:
            self._streams -= 1

    def _begin(self, file: ModuleFile, route: Route) -> _Fetch:
        known = self._fetches.get(file.path)
        if known is not None:
            return known
        spool = Spool(most=MOST_BYTES if file.kind is Kind.ZIP else MOST_GO_MOD_BYTES)
        job = self._jobs.start(file.path, lambda: self._fetch(file, route, spool))
        if route.notarised and file.kind is not Kind.INFO:
            self._notary.foresee(file.module, file.version)
        self._fetches[file.path] = fetch = _Fetch(job, spool)
        job.add_done_callback(lambda _: self._end(file, fetch))
        return fetch

    def _end(self, file: ModuleFile, fetch: _Fetch) -> None:
        del self._fetches[file.path]
        given_up = fetch.job.cancelled()
        error = None if given_up else fetch.job.exception()
        if error is None and not given_up:
            fetch.spool.finish(None)
        elif isinstance(error, SourceError):
            fetch.spool.finish(error)
        else:
            fetch.spool.finish(UnavailableError(f"fetching {file} was given up", status=503))

    async def _fetch(self, file: ModuleFile, route: Route, spool: Spool) -> Path:
        """Return the file once it is published, by whomever.

        The key is held until it is stored behind the tree too, where other nodes look for it.
        """
        path = route.tree.path_of(file)
        with disk_trouble_told(f"{file} cannot be kept by the proxy"):
            async with AsyncExitStack() as key:
                await key.enter_async_context(self._flights.hold(file.path, unless=path.is_file))
                if path.is_file():
                    return path
                if not await self._loaded_or_fetched(file, route, spool):
                    self._published(file, path.stat().st_size, route, key.pop_all())
        return path

    async def _loaded_or_fetched(self, file: ModuleFile, route: Route, spool: Spool) -> bool:
        """Get the file; return whether it came from the storage behind the tree."""
        trouble: SourceError | None = None
        try:
            if await self._backing.load(file, route.tree):
                self._on_published(file, route.tree.path_of(file).stat().st_size, route)
                return True
        except SourceError as error:
            trouble = error
        try:
            await self._from_source(file, route, spool)
        except NotFoundError:
            if trouble is not None:  # the storage may have it: it is not known to be missing
                raise trouble from None
            raise
        return False

    async def _from_source(self, file: ModuleFile, route: Route, spool: Spool) -> None:
        """Fetch, check and publish a file."""
        if file.kind is Kind.INFO:
            info = await route.source.info(file.module, file.version)
            check_info(file, info)
            self._backing.expect(file, route.tree)
            await asyncio.to_thread(route.tree.publish_small, file, info.content)
            return
        with route.tree.new_file() as temporary:
            spool.open(temporary)
            await route.source.fetch(file, spool)
            spool.check_whole()
            pins = await self._checked(file, route, temporary)
            self._backing.expect(file, route.tree)
            try:
                await asyncio.to_thread(_publish, file, route.tree, temporary, pins)
            except ChangedVersionError as error:
                raise UnavailableError(f"{error.summary}; it is not served") from None

    async def _checked(self, file: ModuleFile, route: Route, fetched: Path) -> Pins:
        """Return the hashes to note of a fetched file. Raises SourceError where it is not right.

        A go.mod file that a checksum database vouches for needs no note.
        """
        hash_of = self._zip_hash if file.kind is Kind.ZIP else mod_hash
        h1 = await asyncio.to_thread(hash_of, fetched, file)
        if route.notarised and await self._notary.check(file.module, file.version, file.kind, h1):
            return [(file, h1)] if file.kind is Kind.ZIP else []
        if file.kind is Kind.ZIP and route.private:
            return await asyncio.to_thread(pins_of_private_zip, file, fetched, h1)
        return [(file, h1)]

    async def _load(self, file: ModuleFile, route: Route) -> Path:
        with disk_trouble_told(f"{file} cannot be kept by the proxy"):
            if not await self._backing.load(file, route.tree):
                raise NotFoundError(f"{file} is temporarily unavailable: it is not in the cache")
        path = route.tree.path_of(file)
        self._on_published(file, path.stat().st_size, route)
        return path

    def _published(self, file: ModuleFile, size: int, route: Route, key: AsyncExitStack) -> None:
        self._on_published(file, size, route)
        task = asyncio.ensure_future(self._store(file, route, key))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _store(self, file: ModuleFile, route: Route, key: AsyncExitStack) -> None:
        async with key:
            await self._backing.store(file, route.tree)


def _publish(file: ModuleFile, tree: ModuleTree, temporary: Path, pins: Pins) -> None:
    """Let a checked file appear. Raises ChangedVersionError for what was pinned otherwise."""
    for pinned, h1 in pins:
        tree.pin(pinned, h1)
    tree.publish(temporary, tree.path_of(file))
