"""What a source of module files can do, and how it says no."""

from typing import Protocol

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo


class SourceError(Exception):
    """A source does not give what was asked; ``text`` is for the user, without secrets.

    ``status`` is the HTTP status that a client of ours gets if no other source helps, and
    ``retry_after`` the seconds after which it may ask again, 0 where that is not known.
    """

    def __init__(self, text: str, *, status: int, retry_after: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.retry_after = retry_after


class NotFoundError(SourceError):
    """The source says that there is no such thing (404, or 410 if gone for good): ask the next."""

    def __init__(self, text: str, *, status: int = 404) -> None:
        super().__init__(text, status=status)


class RefusedError(SourceError):
    """The source will not give it (401, 403 and the like), and no retry changes that."""

    def __init__(self, text: str, *, status: int = 403) -> None:
        super().__init__(text, status=status)


class UnavailableError(SourceError):
    """The source cannot be reached, is overloaded or answers nonsense: 502, 503 or 504."""

    def __init__(self, text: str, *, status: int = 502, retry_after: int = 0) -> None:
        super().__init__(text, status=status, retry_after=retry_after)


class UnreachableError(UnavailableError):
    """Nobody answers at the source, so it has said nothing of the module."""


class Sink(Protocol):
    """Takes the bytes of one file as they come."""

    def expect(self, length: int) -> None:
        """Say how many bytes the whole file has, where that is known before its end."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises SourceError when the file gets larger than is allowed."""
        ...


class Source(Protocol):
    """A place that module files come from. All methods raise SourceError.

    Modules and versions are not escaped. ``name`` tells the place in logs, without credentials.
    """

    name: str

    async def versions(self, module: str) -> tuple[str, ...]:
        """Return the tagged versions, by precedence; empty if the module has none."""
        ...

    async def latest(self, module: str) -> VersionInfo:
        """Return the version that the source calls the latest."""
        ...

    async def info(self, module: str, query: str) -> VersionInfo:
        """Return a version by its name, or the one that a branch, revision or v1.2 stands for."""
        ...

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """Write a .mod or .zip file to the sink, whole."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class SumdbSource(Protocol):
    """A place that answers for a checksum database."""

    async def read(self, database: str, file: str) -> bytes:
        """Return a file of the database, such as ``latest``. Raises SourceError."""
        ...
