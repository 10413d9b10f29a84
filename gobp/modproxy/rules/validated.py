"""A source whose versions are shown to a validator before they are taken."""

from typing import Protocol

from gobp.modproxy.protocol.requests import ModuleFile, is_canonical
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.sources.source import Sink, Source


class Check(Protocol):
    """Says which versions are allowed."""

    async def check(self, module: str, version: str) -> None:
        """Raise SourceError for a version that is not allowed, or where it cannot be known."""
        ...


class ValidatedSource:
    """Gives what a source gives, where a check allows it (see Source)."""

    def __init__(self, source: Source, validator: Check) -> None:
        self.name = source.name
        self._source = source
        self._validator = validator

    async def versions(self, module: str) -> tuple[str, ...]:
        """See Source.versions; which of them are allowed is asked once one is fetched."""
        return await self._source.versions(module)

    async def latest(self, module: str) -> VersionInfo:
        """See Source.latest."""
        info = await self._source.latest(module)
        await self._validator.check(module, info.version)
        return info

    async def info(self, module: str, query: str) -> VersionInfo:
        """See Source.info; what a query means is known only after it."""
        if is_canonical(module, query):
            await self._validator.check(module, query)
            return await self._source.info(module, query)
        info = await self._source.info(module, query)
        await self._validator.check(module, info.version)
        return info

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch."""
        await self._validator.check(file.module, file.version)
        await self._source.fetch(file, sink)

    async def close(self) -> None:
        """See Source.close."""
        await self._source.close()
