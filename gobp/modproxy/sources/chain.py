"""Sources one after the other, as the entries of GOPROXY are.

Which error is reported in the end is as in cmd/go/internal/modfetch, ``TryProxies``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.sources.source import NotFoundError, Sink, Source, SourceError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Link:
    """One source of a chain.

    ``falls_back``: the next one is asked after any error, not only where there is no such thing;
    ``direct``: it is version control, whose errors tell most.
    """

    source: Source
    falls_back: bool = False
    direct: bool = False


class _Telling(IntEnum):
    """How much an error helps the user."""

    NOT_FOUND = 0
    TROUBLE = 1
    DIRECT = 2


class ChainSource:
    """Asks its sources in order until one gives what is asked for (see Source).

    The sources are closed by whoever made them.
    """

    def __init__(self, links: tuple[Link, ...]) -> None:
        separators = ("|" if link.falls_back else "," for link in links)
        pairs = zip(links, separators, strict=True)
        self.name = "".join(f"{link.source.name}{separator}" for link, separator in pairs)[:-1]
        self._links = links

    async def versions(self, module: str) -> tuple[str, ...]:
        """See Source.versions."""
        return await first(self._links, lambda source: source.versions(module))

    async def latest(self, module: str) -> VersionInfo:
        """See Source.latest."""
        return await first(self._links, lambda source: source.latest(module))

    async def info(self, module: str, query: str) -> VersionInfo:
        """See Source.info."""
        return await first(self._links, lambda source: source.info(module, query))

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch. Once a source has begun to give a file, no other is asked for it."""
        watched = _WatchedSink(sink)
        await first(
            self._links, lambda source: source.fetch(file, watched), final=lambda: watched.begun
        )

    async def close(self) -> None:
        """See Source.close."""


class OffSource:
    """The entry ``off``: nothing is there (see Source)."""

    name = "off"

    async def versions(self, _: str) -> tuple[str, ...]:
        """See Source.versions."""
        raise _off()

    async def latest(self, _: str) -> VersionInfo:
        """See Source.latest."""
        raise _off()

    async def info(self, _: str, __: str) -> VersionInfo:
        """See Source.info."""
        raise _off()

    async def fetch(self, _: ModuleFile, __: Sink) -> None:
        """See Source.fetch."""
        raise _off()

    async def close(self) -> None:
        """See Source.close."""


async def first(
    links: tuple[Link, ...],
    ask: Callable[[Source], Awaitable[_T]],
    *,
    final: Callable[[], bool] = lambda: False,
) -> _T:
    """Return what the first source gives that is not passed over; raise the most telling error.

    After an error for which ``final`` says so none is asked any more.
    """
    told: SourceError = _off()
    telling = _Telling.NOT_FOUND
    for link in links:
        try:
            return await ask(link.source)
        except SourceError as error:
            missing = isinstance(error, NotFoundError)
            rank = _Telling.NOT_FOUND if missing else _Telling.TROUBLE
            rank = _Telling.DIRECT if link.direct else rank
            if rank >= telling:
                told, telling = error, rank
            if final() or not (missing or link.falls_back):
                break
    raise told


class _WatchedSink:
    """Knows whether anything was written to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.begun = False

    def expect(self, length: int) -> None:
        self.begun = True
        self._sink.expect(length)

    async def write(self, chunk: bytes) -> None:
        self.begun = True
        await self._sink.write(chunk)


def _off() -> NotFoundError:
    return NotFoundError("module lookup disabled by GOPROXY=off")
