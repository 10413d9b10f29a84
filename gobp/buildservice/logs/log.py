"""The log of a build: lines with numbers."""

from typing import Protocol

from msgspec import Struct


class Line(Struct, frozen=True):
    """A line: its ``number`` in the build's log from 1, when, by whom, what.

    ``time`` is seconds of the epoch; ``level`` info, output (of the commands), warning or error.
    """

    number: int
    time: float
    level: str
    text: str


class BuildLog(Protocol):
    """Where a worker writes; it may be used by several threads."""

    def say(self, text: str, level: str = "info", /) -> None:
        """Add a line. What is too long or too much is cut, and that is said."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class Logs(Protocol):
    """The logs of all builds, of workers on any machine."""

    def writer(self, build_id: str, attempt: int, /) -> BuildLog:
        """Return where an attempt writes; the lines of earlier attempts stay."""
        ...

    def lines(self, build_id: str, /, *, after: int = 0, limit: int = 1000) -> list[Line]:
        """Return lines of larger numbers than ``after``, in order."""
        ...

    def keep(self, build_id: str, /) -> None:
        """Put the log of a build that is over where it stays, compressed."""
        ...

    def remove(self, build_id: str, /) -> None:
        """Forget the log of a build."""
        ...
