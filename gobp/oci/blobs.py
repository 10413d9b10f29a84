"""Blobs: content known by its digest, wherever it is, and a directory that holds some."""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, Self

from gobp.errors import UserError
from gobp.oci.digest import hex_of, sha256_of

CHUNK = 1024 * 1024
_BLOB_MODE = 0o644


class BlobSource(Protocol):
    """Content that can be read, possibly from far away; nothing is fetched before ``open``."""

    @property
    def digest(self) -> str:
        """Return the digest that the content claims; who copies it checks it."""

    @property
    def size(self) -> int:
        """Return the length in bytes that the content claims."""

    def open(self) -> IO[bytes]:
        """Open the content for one pass from its start."""


@dataclass(frozen=True, slots=True)
class FileBlob:
    """A blob in a file."""

    path: Path
    digest: str
    size: int

    def open(self) -> IO[bytes]:
        """Open the file."""
        return self.path.open("rb")


@dataclass(frozen=True, slots=True)
class BytesBlob:
    """A blob in memory: a manifest or a config."""

    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """Return the digest of the bytes."""
        return sha256_of(self.data)

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.data)

    def open(self) -> IO[bytes]:
        """Open the bytes for reading."""
        return io.BytesIO(self.data)


class VerifiedReader:
    """Reads a blob once; its end is reached only if the content is what the digest says."""

    def __init__(self, blob: BlobSource) -> None:
        self._blob = blob
        self._content = blob.open()
        self._checksum = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._content.close()

    def __len__(self) -> int:
        """Return the size that the blob claims."""
        return self._blob.size

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content in chunks."""
        while chunk := self.read(CHUNK):
            yield chunk

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes, none at the end. Raises UserError on wrong content."""
        chunk = self._content.read(min(size, self._blob.size - self._size) or 1)
        self._checksum.update(chunk)
        self._size += len(chunk)
        if self._size > self._blob.size or (not chunk and not self._right()):
            raise UserError(
                f"a blob is not what its digest says: {self._blob.digest}, {self._blob.size} bytes",
                detail=f"read: sha256:{self._checksum.hexdigest()}, {self._size} bytes",
                remedy="the image is damaged; get it again from where it was made.",
            )
        return chunk

    def _right(self) -> bool:
        digest = f"sha256:{self._checksum.hexdigest()}"
        return (self._size, digest) == (self._blob.size, self._blob.digest)


def copy_verified(blob: BlobSource, out: IO[bytes]) -> None:
    """Copy a blob, reading no more than it claims to have.

    Raises UserError if the content is not what its digest and size say; what was written to
    ``out`` until then is worthless.
    """
    with VerifiedReader(blob) as content:
        for chunk in content:
            out.write(chunk)


def read_verified(blob: BlobSource) -> bytes:
    """Return a small blob's content. Raises UserError as :func:`copy_verified`."""
    out = io.BytesIO()
    copy_verified(blob, out)
    return out.getvalue()


class BlobStore:
    """A directory of blobs by digest, ``<root>/sha256/<hex>``: the ``blobs`` of an image layout."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Return where a blob is or would be. Raises UserError if ``digest`` is none."""
        return self.root / "sha256" / hex_of(digest)

    def find(self, digest: str) -> FileBlob | None:
        """Return a blob if it is here."""
        path = self.path(digest)
        return FileBlob(path, digest, path.stat().st_size) if path.is_file() else None

    def add(self, blob: BlobSource) -> FileBlob:
        """Copy a blob into the store unless it is here. Raises UserError on wrong content."""
        present = self.find(blob.digest)
        if present is not None and present.size == blob.size:
            return present
        with self.new_file() as temporary:
            with temporary.open("wb") as out:
                copy_verified(blob, out)
            return self.keep(temporary, blob.digest)

    def keep(self, file: Path, digest: str) -> FileBlob:
        """Move a file, made by :meth:`new_file` and known to have this digest, to its place."""
        file.chmod(_BLOB_MODE)
        file.replace(self.path(digest))
        return FileBlob(self.path(digest), digest, self.path(digest).stat().st_size)

    @contextmanager
    def new_file(self) -> Iterator[Path]:
        """Give an empty file in the store for a blob yet unknown; removed unless kept."""
        directory = self.root / "sha256"
        directory.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=directory, prefix=".new-")
        os.close(handle)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
