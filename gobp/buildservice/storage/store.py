"""Where artifacts are: blobs by their sha256, and which of them a build has."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gobp.buildservice.builds.build import Artifact


class StorageError(Exception):
    """The storage cannot be used now; asking again may help."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a build published, at ``time`` (seconds of the epoch): written last, never changed."""

    build_id: str
    time: int
    artifacts: tuple[Artifact, ...]


class Store(Protocol):
    """Keeps artifacts. The methods that are not async may wait: call them in threads.

    They raise StorageError.
    """

    def put(self, file: Path, /) -> tuple[str, int]:
        """Store a file and return its sha256 in hex and size; storing it twice does no harm."""
        ...

    def publish(self, manifest: Manifest, /) -> Manifest:
        """Publish what a build gave. Whoever is first decides; return what is published then.

        Raises StorageError where a blob of the manifest is not there any more.
        """
        ...

    def published(self, build_id: str, /) -> Manifest | None:
        """Return what a build published."""
        ...

    def path(self, sha256: str, /) -> Path | None:
        """Return the file of a blob where it is on this machine, None where it is elsewhere.

        Raises KeyError if it is gone.
        """
        ...

    def url(self, sha256: str, name: str, media_type: str, /) -> str:
        """Return a URL of a blob to be given to clients, "" where they get it from here only."""
        ...

    def read(self, sha256: str, /, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Open a blob and yield its bytes, from ``start`` to before ``end``.

        Raises KeyError, before anything is yielded, if it is gone.
        """
        ...

    def stream(
        self, sha256: str, /, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of a blob in an event loop, as read does."""
        ...

    def remove(self, build_ids: list[str], /) -> None:
        """Forget what builds published; their blobs go with the next sweep."""
        ...

    def sweep(self, *, grace_seconds: float) -> tuple[int, int]:
        """Remove blobs that no manifest names and that are older; return their number and bytes.

        It cannot take what is just being published: put makes a blob young again.
        """
        ...
