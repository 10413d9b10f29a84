"""Layers as tars: the same files give the same bytes, those that the CNB lifecycle writes.

Names are absolute, folders have no slash at the end, every time is 1980-01-01T00:00:01Z, owners
are numbers only (buildpacks/lifecycle: archive/writer.go and layers/).
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from gobp.errors import UserError
from gobp.oci import tar_header
from gobp.oci.blobs import CHUNK, BlobStore, BytesBlob
from gobp.oci.image import LAYER, LAYER_GZIP, Descriptor, Layer

MTIME = 315532801
_GZIP_LEVEL = 1  # higher ones cost more time than the 5 % of bytes they save are worth
_GZIP_FORMAT = 31  # zlib's number for a gzip header and the largest window


class Sink(Protocol):
    """Where bytes are written to; an open binary file is one."""

    def write(self, data: bytes, /) -> object:
        """Write all bytes."""


class Content(Protocol):
    """A file's bytes; every BlobSource is one."""

    @property
    def size(self) -> int:
        """Return the number of bytes."""

    def open(self) -> IO[bytes]:
        """Open the bytes for one pass from the start."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The content of a file on disk; ``size`` is that of the moment the file was listed."""

    path: Path
    size: int

    def open(self) -> IO[bytes]:
        """Open the file."""
        return self.path.open("rb")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder or symbolic link of a tar; ``mode`` has permission bits and set-id bits only.

    ``name`` is clean: no ``.``, ``..``, empty part or slash at the end. In a layer it starts
    with a slash.
    """

    name: str
    kind: bytes
    mode: int
    uid: int = 0
    gid: int = 0
    content: Content | None = None
    link: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError on a name that is not clean."""
        parts = self.name.removeprefix("/").split("/")
        if "\0" in self.name + self.link or any(part in {"", ".", ".."} for part in parts):
            raise ValueError(f"not a clean name for an entry of a tar: {self.name!r}")

    @classmethod
    def directory(cls, name: str, *, mode: int = 0o755, uid: int = 0, gid: int = 0) -> "Entry":
        """Return a folder."""
        return cls(name, tar_header.DIRECTORY, mode, uid, gid)

    @classmethod
    def file(
        cls, name: str, content: bytes | Content, *, mode: int = 0o644, uid: int = 0, gid: int = 0
    ) -> "Entry":
        """Return a file of these bytes, or of content that is read when the tar is written."""
        kept = BytesBlob(content) if isinstance(content, bytes) else content
        return cls(name, tar_header.REGULAR, mode, uid, gid, kept)

    @classmethod
    def symlink(cls, name: str, to: str, *, uid: int = 0, gid: int = 0) -> "Entry":
        """Return a symbolic link; ``to`` is written as it is."""
        return cls(name, tar_header.SYMLINK, 0o777, uid, gid, link=to)


@dataclass(frozen=True, slots=True)
class LayerDigests:
    """What a manifest needs to know of a layer; ``size`` is the blob's, in bytes.

    ``diff_id`` is the digest of the plain tar, ``digest`` that of the blob: the same where the
    blob is not compressed.
    """

    diff_id: str
    digest: str
    size: int
    media_type: str


def parents_of(target: str, *, mode: int = 0o755, uid: int = 0, gid: int = 0) -> tuple[Entry, ...]:
    """Return the folders above an absolute in-image path, the root left out, outermost first."""
    parts = target.strip("/").split("/")[:-1]
    names = ("/" + "/".join(parts[: count + 1]) for count in range(len(parts)))
    return tuple(Entry.directory(name, mode=mode, uid=uid, gid=gid) for name in names)


def entries_of_tree(
    source: Path, target: str, *, uid: int, gid: int, parents: Iterable[Entry] = ()
) -> Iterator[Entry]:
    """Yield ``parents``, then a host file or folder and all below it, as found at ``target``.

    Names are in byte order, modes are the host's, everything belongs to ``uid`` and ``gid``.
    Sockets are left out and hard links are copies, as in the lifecycle. Raises UserError on a
    device or a named pipe.
    """
    yield from parents
    yield from _walk(source, target, uid, gid)


def _walk(source: Path, target: str, uid: int, gid: int) -> Iterator[Entry]:
    status = source.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        yield Entry.directory(target, mode=mode, uid=uid, gid=gid)
        for name in sorted(os.listdir(source), key=os.fsencode):  # noqa: PTH208 # names, not paths
            yield from _walk(source / name, f"{target}/{name}", uid, gid)
    elif stat.S_ISREG(status.st_mode):
        content = FileContent(source, status.st_size)
        yield Entry.file(target, content, mode=mode, uid=uid, gid=gid)
    elif stat.S_ISLNK(status.st_mode):
        yield Entry.symlink(target, os.readlink(source), uid=uid, gid=gid)  # noqa: PTH115 # as it is
    elif not stat.S_ISSOCK(status.st_mode):
        raise UserError(
            f"{source} is a device or a named pipe, which an image does not hold",
            remedy="remove it, or make a file of it.",
        )


def write_layer(out: Sink, entries: Iterable[Entry]) -> LayerDigests:
    """Write a plain tar. Raises UserError if a file changes while it is read."""
    tar = _Measured(out)
    write_tar(tar, entries)
    return LayerDigests(tar.digest, tar.digest, tar.size, LAYER)


def write_gzip_layer(out: Sink, entries: Iterable[Entry]) -> LayerDigests:
    """Write a tar compressed by gzip in one pass, without name and time in its header.

    Raises UserError if a file changes while it is read. The bytes are the same for the same
    release of the compressing library (docs/decisions/0014); the diff id always is.
    """
    blob = _Measured(out)
    compressed = _Compressed(blob)
    tar = _Measured(compressed)
    write_tar(tar, entries)
    compressed.finish()
    return LayerDigests(tar.digest, blob.digest, blob.size, LAYER_GZIP)


def store_layer(store: BlobStore, entries: Iterable[Entry], *, compressed: bool = True) -> Layer:
    """Write a layer into a store and return it, ready for an image."""
    write = write_gzip_layer if compressed else write_layer
    with store.new_file() as temporary:
        with temporary.open("wb") as out:
            digests = write(out, entries)
        blob = store.keep(temporary, digests.digest)
    descriptor = Descriptor(digests.media_type, digests.digest, digests.size)
    return Layer(descriptor, digests.diff_id, blob)


def write_tar(out: Sink, entries: Iterable[Entry]) -> None:
    """Write entries in the order given, and the end of the archive."""
    for entry in entries:
        size = 0 if entry.content is None else entry.content.size
        out.write(tar_header.header(_fields(entry, size)))
        if entry.content is not None:
            _copy(entry.content, out, entry.name)
            out.write(tar_header.padding(size))
    out.write(tar_header.END)


def _fields(entry: Entry, size: int) -> tar_header.Fields:
    return tar_header.Fields(
        os.fsencode(entry.name),
        entry.kind,
        entry.mode,
        entry.uid,
        entry.gid,
        size,
        MTIME,
        os.fsencode(entry.link),
    )


def _copy(content: Content, out: Sink, name: str) -> None:
    left = content.size
    with content.open() as source:
        while chunk := source.read(min(CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            out.write(chunk)
    if left:
        raise UserError(
            f"{name} changed while it was written to a layer",
            remedy="let nothing write to the files while the image is made, and build again.",
        )


class _Measured:
    """Passes bytes on, counting and hashing them."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        self._checksum = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """Return the digest of everything written."""
        return f"sha256:{self._checksum.hexdigest()}"

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._out.write(data)
        self._checksum.update(data)
        self.size += len(data)
        return len(data)


class _Compressed:
    """Passes bytes on, compressed; ``finish`` ends them."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        from isal import isal_zlib  # noqa: PLC0415 # only what writes new layers needs it

        self._stream = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_FORMAT)

    def write(self, data: bytes) -> None:
        self._out.write(self._stream.compress(data))

    def finish(self) -> None:
        self._out.write(self._stream.flush())
