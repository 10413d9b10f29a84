"""Sources whose answers are counted, with the time they took."""

import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.sources.source import NotFoundError, Sink, Source

_T = TypeVar("_T")
Count = Callable[[str, str, float], None]
"""Is told the kind (list, latest, info, mod, zip), the outcome and the seconds of each answer."""


class Chains(Protocol):
    """Makes sources (see gobp.modproxy.sources.goproxy.Sources)."""

    def chain(self, goproxy: str) -> Source:
        """Return the source that a GOPROXY stands for."""
        ...

    def first_url(self, goproxy: str) -> str:
        """Return the first URL in a GOPROXY, without credentials, "" if there is none."""
        ...


class MeasuredChains:
    """Makes the sources that another makes, each measured."""

    def __init__(self, chains: Chains, count: Count) -> None:
        self._chains = chains
        self._count = count

    def chain(self, goproxy: str) -> Source:
        """See Chains.chain."""
        return MeasuredSource(self._chains.chain(goproxy), self._count)

    def first_url(self, goproxy: str) -> str:
        """See Chains.first_url."""
        return self._chains.first_url(goproxy)


class MeasuredSource:
    """Another source, measured. The outcome is found, missing (404, 410) or failed."""

    def __init__(self, source: Source, count: Count) -> None:
        self.name = source.name
        self._source = source
        self._count = count

    async def versions(self, module: str) -> tuple[str, ...]:
        """See Source.versions."""
        return await self._measured("list", self._source.versions(module))

    async def latest(self, module: str) -> VersionInfo:
        """See Source.latest."""
        return await self._measured("latest", self._source.latest(module))

    async def info(self, module: str, query: str) -> VersionInfo:
        """See Source.info."""
        return await self._measured("info", self._source.info(module, query))

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch."""
        await self._measured(file.kind.value, self._source.fetch(file, sink))

    async def close(self) -> None:
        """See Source.close."""
        await self._source.close()

    async def _measured(self, kind: str, answer: Awaitable[_T]) -> _T:
        started = time.perf_counter()
        outcome = "failed"
        try:
            result = await answer
            outcome = "found"
        except NotFoundError:
            outcome = "missing"
            raise
        finally:
            self._count(kind, outcome, time.perf_counter() - started)
        return result
