"""The source of modules that come from nowhere but the trees."""

from typing import NoReturn

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.sources.source import NotFoundError, Sink


class Nowhere:
    """Has nothing, and says why (see Source)."""

    name = "nowhere"

    def __init__(self, reason: str) -> None:
        """``reason`` follows the name of what was asked for."""
        self._reason = reason

    async def versions(self, module: str) -> tuple[str, ...]:
        """See Source.versions."""
        self._missing(module)

    async def latest(self, module: str) -> VersionInfo:
        """See Source.latest."""
        self._missing(module)

    async def info(self, module: str, query: str) -> VersionInfo:
        """See Source.info."""
        self._missing(f"{module}@{query}")

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:  # noqa: ARG002 # as Source has it
        """See Source.fetch."""
        self._missing(str(file))

    async def close(self) -> None:
        """See Source.close."""

    def _missing(self, what: str) -> NoReturn:
        raise NotFoundError(f"not found: {what}: {self._reason}")
