"""What storage is made of: objects by key, in a folder or in a bucket."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Found:
    """An object: ``size`` in bytes, ``time`` when it was written, in seconds of the epoch."""

    key: str
    size: int
    time: float


class Objects(Protocol):
    """Objects that appear whole and are then on the disk (or wherever the bucket has them).

    Keys are paths with slashes, made by the service of names that it has checked. What one writes
    all others see at once. The methods raise StorageError where the storage fails.
    """

    def create(self, key: str, content: bytes, /) -> bool:
        """Store a small object; return False if there is one of this key already, which stays."""
        ...

    def put_file(self, key: str, file: Path, /) -> None:
        """Store a file, also in place of what is there."""
        ...

    def get(self, key: str, /) -> bytes | None:
        """Return a small object, None if there is none."""
        ...

    def find(self, key: str, /) -> Found | None:
        """Return what is known of an object, None if there is none."""
        ...

    def read(self, key: str, /, *, start: int, end: int | None) -> Iterator[bytes]:
        """Open an object and yield its bytes from ``start`` to before ``end``.

        Raises KeyError, before anything is yielded, if there is none.
        """
        ...

    def stream(self, key: str, /, *, start: int, end: int | None) -> AsyncIterator[bytes]:
        """Do as read does, in an event loop, which never waits for a disk."""
        ...

    def listed(self, folder: str, /) -> Iterator[Found]:
        """Yield the objects below a folder, in no order."""
        ...

    def remove(self, key: str, /) -> None:
        """Remove an object, if there is one."""
        ...

    def path(self, key: str, /) -> Path | None:
        """Return the file of an object, None where objects are no files. Raises KeyError."""
        ...

    def url(self, key: str, name: str, media_type: str, /) -> str:
        """Return a URL at which anybody gets an object for a while as a file ``name``, or ""."""
        ...
