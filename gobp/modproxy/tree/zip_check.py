"""Check that a module zip keeps the rules, and hash it, in one pass.

See https://go.dev/ref/mod#zip-files. What is checked comes from outside: declared sizes are not
believed, and the list of entries is bounded before it is read.
"""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gobp.errors import UserError
from gobp.golang import modzip
from gobp.golang.dirhash import hash1
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.sources.source import UnavailableError

_MOST_READ = 32 * 1024 * 1024  # at once: the list of entries is read so, and is no larger
_CHUNK = 1024 * 1024
_ENCRYPTED_FLAG, _UTF8_FLAG = 0x1, 0x800
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # that go reads

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
)  # what the zipfile module raises for damage of one kind or another


def zip_hash(path: Path, file: ModuleFile) -> str:
    """Return the ``h1:`` hash of a module zip.

    Raises UnavailableError, which names the entry, where the zip breaks a rule.
    """
    with _entries(path, file) as archive:
        _check_size("it", path.stat().st_size)
        named = [(_name(info), info.file_size) for info in archive.infolist()]
        problem = modzip.check_zip(file.module, file.version, named).problem
        if problem:
            raise _bad(file, problem)
        return _hash(archive)


def read_zip_hash(path: Path, file: ModuleFile) -> str:
    """Return the ``h1:`` hash of a zip whose entries may be named as they like.

    Raises UnavailableError for what is no zip, or has more in it than a module may have.
    """
    with _entries(path, file) as archive:
        _check_size("all of it", sum(info.file_size for info in archive.infolist()))
        return _hash(archive)


class _BoundedReader(io.BufferedReader):
    """A file of which no large part is read at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_READ:
            raise zipfile.BadZipFile("it has too many entries")
        return super().read(size)


@contextmanager
def _entries(path: Path, file: ModuleFile) -> Iterator[zipfile.ZipFile]:
    """Open a zip; what is found wrong with it while it is open becomes UnavailableError."""
    try:
        with _BoundedReader(io.FileIO(path)) as opened, zipfile.ZipFile(opened) as archive:
            for info in archive.infolist():
                _check_readable(info, path.stat().st_size)
            yield archive
    except _DAMAGED as error:
        raise _bad(file, str(error)) from error
    except UserError as error:
        raise _bad(file, error.summary) from error


def _check_readable(info: zipfile.ZipInfo, size: int) -> None:
    """Raise BadZipFile for an entry that lies outside of the file, or that go does not read."""
    if not 0 <= info.header_offset < size:
        raise zipfile.BadZipFile(f"{info.filename} lies outside of the file")
    if info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED_FLAG:
        raise zipfile.BadZipFile(f"{info.filename} is packed in a way that go cannot read")


def _check_size(what: str, size: int) -> None:
    if size > modzip.MOST_BYTES:
        raise zipfile.BadZipFile(f"{what} is larger than {modzip.MOST_BYTES} bytes")


def _hash(archive: zipfile.ZipFile) -> str:
    return hash1((_name(info), _sha256(archive, info)) for info in archive.infolist())


def _sha256(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    """Return the SHA-256 of an entry in hex. Raises BadZipFile unless its size is as declared."""
    declared = info.file_size
    info.file_size += 1  # else what is more than declared would be passed over in silence
    digest = hashlib.sha256()
    size = 0
    with archive.open(info) as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if size != declared:
        raise zipfile.BadZipFile(f"{info.filename} is not of the size that is declared")
    return digest.hexdigest()


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name as go reads it, which takes all names for UTF-8. Raises ValueError."""
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    return info.orig_filename.encode("cp437").decode("utf-8")


def _bad(file: ModuleFile, problem: str) -> UnavailableError:
    return UnavailableError(f"the zip of {file.module}@{file.version} is not served: {problem}")
