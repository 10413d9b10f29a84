"""The source of a build, as files in a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gobp.buildservice.builds.order import Pin, Source


@dataclass(frozen=True, slots=True)
class SourceTree:
    """Source in ``folder``; ``time`` is its seconds of the epoch; ``uri`` says where it is from.

    ``sha256`` is what its provenance names it by: the commit in hex (``digest_name`` gitCommit), or
    the sha256 of the zip's hash (``h1``).
    """

    folder: Path
    time: int
    uri: str
    digest_name: str
    digest: str


class FetchError(Exception):
    """Source that could not be fetched; the text is for people and has no secret in it.

    ``passing`` says that another attempt may help.
    """

    def __init__(self, text: str, *, passing: bool) -> None:
        super().__init__(text)
        self.text = text
        self.passing = passing


class Fetcher(Protocol):
    """Fetches what a pin names, and nothing else."""

    def fetch(
        self, source: Source, pin: Pin, folder: Path, say: Callable[[str], None], /
    ) -> SourceTree:
        """Fetch into an empty folder; ``say`` takes lines for the build's log. FetchError."""
        ...
