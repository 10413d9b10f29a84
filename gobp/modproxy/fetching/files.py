"""Fetch one file of a version into the tree: on its own, once, checked, then published."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gobp.golang.dirhash import go_mod_hash
from gobp.modproxy.fetching.checks import Notary, ZipHash
from gobp.modproxy.fetching.flights import Flights
from gobp.modproxy.fetching.jobs import Jobs, wait
from gobp.modproxy.fetching.spool import Spool
from gobp.modproxy.protocol.answers import Streamed
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.routing import Route
from gobp.modproxy.sources.source import SourceError, UnavailableError

MOST_ZIP_BYTES = 500 * 1024 * 1024  # as in golang.org/x/mod/zip
MOST_MOD_BYTES = 16 * 1024 * 1024
_WORTH_STREAMING = 1024 * 1024


class Backing(Protocol):
    """Storage behind the local tree, shared by nodes."""

    async def load(self, file: ModuleFile, route: Route) -> bool:
        """Bring a file to the local tree; return False if the storage does not have it."""
        ...

    def store(self, file: ModuleFile, route: Route) -> None:
        """Have a file that is in the local tree be kept by the storage too, soon and surely."""
        ...


class FileFetcher:
    """Gets files that the tree does not have."""

    def __init__(  # its collaborators, all by name
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
        self._backing = backing
        self._on_published = on_published
        self._spools: dict[str, Spool] = {}

    def begin(self, file: ModuleFile, route: Route) -> "asyncio.Task[Path]":
        """Have a file be fetched; it goes on whoever waits. Raises UnavailableError if full."""
        if route.notarised and file.kind is not Kind.INFO:
            self._notary.foresee(file.module, file.version)
        return self._jobs.start(file.path, lambda: self._fetch(file, route))

    async def get(self, file: ModuleFile, route: Route, seconds: float) -> Path | Streamed:
        """Return the file once it is published, or, of a large one, its bytes as they come.

        Raises SourceError.
        """
        job = self.begin(file, route)
        if file.kind is Kind.ZIP:
            streamed = await self._streamed(file, job, seconds)
            if streamed is not None:
                return streamed
        return await wait(job, seconds)

    async def drain(self, seconds: float) -> None:
        """Let what is being fetched end, for so long."""
        await self._jobs.drain(seconds)

    async def _streamed(
        self, file: ModuleFile, job: "asyncio.Task[Path]", seconds: float
    ) -> Streamed | None:
        """Return the bytes of a large file, None if it is better to wait for the whole."""
        spool = self._spools.get(file.path)
        if spool is None:  # not begun yet: its turn may come, or it ends otherwise
            await asyncio.sleep(0)
            spool = self._spools.get(file.path)
        if spool is None:
            begun = asyncio.ensure_future(self._spool_of(file, job))
            try:
                spool = await asyncio.wait_for(begun, seconds)
            except TimeoutError:
                return None
        if spool is None:
            return None
        await spool.headed()
        if job.done() or spool.length is None or spool.length < _WORTH_STREAMING:
            return None
        return Streamed(spool.length, spool.chunks())

    async def _spool_of(self, file: ModuleFile, job: "asyncio.Task[Path]") -> Spool | None:
        while not job.done():
            spool = self._spools.get(file.path)
            if spool is not None:
                return spool
            await asyncio.wait({job}, timeout=0.02)
        return None

    async def _fetch(self, file: ModuleFile, route: Route) -> Path:
        async with self._flights.hold(file.path):
            path = route.tree.find(file)
            if path is not None:
                return path
            if self._backing is not None and await self._backing.load(file, route):
                return route.tree.path_of(file)
            size = await self._from_source(file, route)
        if self._backing is not None:
            self._backing.store(file, route)
        self._on_published(file, size, route)
        return route.tree.path_of(file)

    async def _from_source(self, file: ModuleFile, route: Route) -> int:
        """Fetch, check and publish; return the size in bytes."""
        if file.kind is Kind.INFO:
            info = await route.source.info(file.module, file.version)
            check_info(file, info)
            await asyncio.to_thread(route.tree.publish_small, file, info.content)
            return len(info.content)
        with route.tree.new_file() as temporary:
            most = MOST_ZIP_BYTES if file.kind is Kind.ZIP else MOST_MOD_BYTES
            spool = self._spools[file.path] = Spool(temporary, most=most)
            try:
                await route.source.fetch(file, spool)
                await self._check_and_publish(file, route, spool)
            except SourceError as error:
                spool.finish(error)
                raise
            except BaseException:
                spool.finish(UnavailableError(f"fetching {file} was given up", status=503))
                raise
            finally:
                del self._spools[file.path]
            spool.finish(None)
            return spool.size

    async def _check_and_publish(self, file: ModuleFile, route: Route, spool: Spool) -> None:
        if file.kind is Kind.MOD:
            content = spool.path.read_bytes()
            await self._check_hash(file, route, go_mod_hash(content))
            await asyncio.to_thread(route.tree.publish, spool.path, route.tree.path_of(file))
            return
        h1 = await asyncio.to_thread(self._zip_hash, spool.path, file)
        check_pin(file, route.tree.pinned_hash(file.module, file.version), h1)
        await self._check_hash(file, route, h1)
        await asyncio.to_thread(route.tree.publish_zip, spool.path, file, h1)

    async def _check_hash(self, file: ModuleFile, route: Route, h1: str) -> None:
        if route.notarised:
            await self._notary.check(file.module, file.version, file.kind, h1)


def check_info(file: ModuleFile, info: VersionInfo) -> None:
    """Raise UnavailableError unless an info is that of the version that was asked for."""
    if info.version != file.version:
        raise UnavailableError(
            f"asked for {file.module}@{file.version}, the source answered with {info.version}"
        )


def check_pin(file: ModuleFile, pinned: str, h1: str) -> None:
    """Raise UnavailableError where a version is not what it was when it was first seen."""
    if pinned and pinned != h1:
        raise UnavailableError(
            f"{file.module}@{file.version} has changed: its hash is {h1}, "
            f"but it was {pinned} when it was first fetched; it is not served"
        )
