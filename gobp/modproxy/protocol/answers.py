"""What is answered: status, kind of content, how long it may be kept, and the content.

The status codes are those that make the go command do the right thing: 404 and 410 mean "ask the
next one", every other failure ends its run (https://go.dev/ref/mod#goproxy-protocol).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
ZIP = "application/zip"
BYTES = "application/octet-stream"
_MOST_ERROR_BYTES = 600  # the go command shows 648 bytes
_MOST_ERROR_LINES = 8


class Keep(StrEnum):
    """How long clients and caches may keep an answer."""

    FOR_EVER = "public, max-age=604800, immutable"
    A_DAY = "public, max-age=86400"
    A_MINUTE = "public, max-age=60"
    NOT = "no-store"


class Origin(StrEnum):
    """Where an answer came from, for the request log and the figures."""

    TREE = "hit"
    FETCHED = "miss"
    STALE = "stale"
    NEGATIVE = "negative"
    RULE = "rule"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Streamed:
    """A file that is still being fetched: its length in bytes, None if unknown, and its chunks.

    The last chunk comes only once the whole file was found right; else the iteration raises, and
    the client must see a broken connection.
    """

    length: int | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request; a Path is a whole file that stays as it is."""

    status: int
    content_type: str
    body: bytes | Path | Streamed
    keep: Keep = Keep.NOT
    origin: Origin = Origin.NONE
    headers: tuple[tuple[str, str], ...] = field(default=())


def found(
    content_type: str, body: bytes | Path | Streamed, keep: Keep, origin: Origin = Origin.TREE
) -> Answer:
    """Return the answer with what was asked for."""
    return Answer(200, content_type, body, keep, origin)


def failure(
    status: int, text: str, *, retry_after: int = 0, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """Return an answer that says why not; the go command shows its first lines to the user.

    ``retry_after`` is in seconds, 0 for no such header.
    """
    if retry_after:
        headers = (*headers, ("retry-after", str(retry_after)))
    return Answer(status, TEXT, shown_by_go(text).encode(), Keep.NOT, Origin.NONE, headers)


def shown_by_go(text: str) -> str:
    """Return the part of a text that a go command shows: no blank line, 8 lines, printable."""
    lines = [_printable(line) for line in text.splitlines() if line.strip()]
    shown = "\n".join(lines[:_MOST_ERROR_LINES]).encode()[:_MOST_ERROR_BYTES]
    return shown.decode("utf-8", "ignore") + "\n"


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line.rstrip())
