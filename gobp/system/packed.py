"""Folders as one archive each: what a cached layer holds, opened only when something needs it.

A lifecycle unpacks every cached layer before a build and packs it again afterwards, so the bytes
and files in it are what a build without a change costs (docs/decisions/0013-packed-layers.md).

The archives are plain tars (GNU's for long names) in zstd. tarfile makes and reads the headers;
its streams are not used, since they take more time for a small file than the file itself does.
"""

import io
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

from gobp.system.archive import OLD, broken_is_an_error, is_inside, make_links
from gobp.system.file_writers import NEW_FILE, FileWriters
from gobp.system.files import write_all

SUFFIX = ".tar.zst"
SIZE_LIMIT = 16 * 1024**3  # bytes that one archive may unpack to: a compile cache can be large
ENTRY_LIMIT = 1_000_000
_LEVEL = 1  # of zstd: higher ones cost more time than the bytes they save
_MOST_THREADS = 4  # each takes memory, and files are not read faster than four compress
_CHUNK = 1024 * 1024
_NAME_LIMIT = 64 * 1024  # bytes of a long name or of where a link points to
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
_ENCODING = ("utf-8", "surrogateescape")  # every name that Linux can have
_REMEDY = "build again with --clear-cache: the cache holds a broken copy."


def pack(folder: Path, archive: Path, names: Iterable[str]) -> int:
    """Write the files and links of ``folder`` with these relative names as an archive.

    The same files give the same bytes: names are sorted, and of times, owners and modes nothing
    is kept but whether a file is a program. The archive is there as a whole or not at all.
    Returns its size in bytes.
    """
    import zstandard  # noqa: PLC0415 # only builds that compile need it

    temporary = archive.with_name(f".{archive.name}.new")
    # With threads, however many, the bytes are the same; without, they would be others.
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    compressor = zstandard.ZstdCompressor(level=_LEVEL, threads=threads, write_checksum=True)
    try:
        with (
            temporary.open("wb") as file,
            compressor.stream_writer(file) as stream,
            io.BufferedWriter(cast("io.RawIOBase", stream), _CHUNK) as tar,
        ):
            for name in sorted(names):
                _add(tar, f"{folder}/{name}", tarfile.TarInfo(name))
            tar.write(_END)
        temporary.replace(archive)
    finally:
        temporary.unlink(missing_ok=True)
    return archive.stat().st_size


def unpack(archive: Path, folder: Path) -> tuple[str, ...]:
    """Unpack an archive that ``pack`` made into ``folder``; return the names of its files.

    Every file gets the time OLD. Raises UserError where the archive is damaged, or leads out of
    the folder; what is in ``folder`` then is not to be used.
    """
    import zstandard  # noqa: PLC0415 # see pack

    with broken_is_an_error(archive, remedy=_REMEDY), archive.open("rb") as file:
        decompressor = zstandard.ZstdDecompressor()
        stream = decompressor.stream_reader(file, read_size=_CHUNK, read_across_frames=True)
        try:
            return _unpack(io.BufferedReader(stream, _CHUNK), folder, archive)
        except zstandard.ZstdError as error:
            raise tarfile.ReadError(str(error)) from error


def files_of(folder: Path) -> Iterator[str]:
    """Yield the names of all files and links of a folder, relative to it."""
    pending = [""]
    while pending:
        below = pending.pop()
        with os.scandir(folder / below) as entries:
            for entry in entries:
                name = f"{below}/{entry.name}" if below else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(name)
                else:
                    yield name


def _add(tar: IO[bytes], path: str, info: tarfile.TarInfo) -> None:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)  # noqa: PTH115 # many files
        tar.write(info.tobuf(tarfile.GNU_FORMAT, *_ENCODING))
        return
    info.size = status.st_size
    info.mode = 0o755 if status.st_mode & 0o100 else 0o644
    tar.write(info.tobuf(tarfile.GNU_FORMAT, *_ENCODING))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        left = info.size
        while left:
            chunk = os.read(descriptor, min(left, _CHUNK))
            if not chunk:
                raise EOFError(f"{path} became shorter while it was packed")
            tar.write(chunk)
            left -= len(chunk)
    finally:
        os.close(descriptor)
    tar.write(bytes(-info.size % _BLOCK))


class _Member(NamedTuple):
    """A file or link of an archive; ``points_to`` is empty for a file, whose bytes come next."""

    name: str
    points_to: str
    size: int
    mode: int


def _unpack(tar: IO[bytes], folder: Path, archive: Path) -> tuple[str, ...]:
    names: list[str] = []
    links: list[tuple[str, str]] = []
    folders: set[str] = set()
    with FileWriters() as writers:
        for member in _members(tar):
            if not is_inside(member.name):
                raise tarfile.ReadError(f"it names a file outside its folder: {member.name!r}")
            names.append(member.name)
            if member.points_to:
                links.append((member.name, member.points_to))
                continue
            parent = member.name.rpartition("/")[0]
            if parent not in folders:
                os.makedirs(f"{folder}/{parent}", exist_ok=True)  # noqa: PTH103 # as readlink above
                folders.add(parent)
            _put(tar, f"{folder}/{member.name}", member, writers)
    make_links(folder, links, archive)  # last, so that no file is written through a link
    return tuple(names)


def _members(tar: IO[bytes]) -> Iterator[_Member]:
    """Yield the members up to the end mark; each must be read to its end before the next."""
    longer: dict[bytes, str] = {}  # a name or link that is too long for the next header, by type
    entries = size = 0
    while any(header := _read(tar, _BLOCK)):
        info = tarfile.TarInfo.frombuf(header, *_ENCODING)
        entries, size = entries + 1, size + info.size
        if entries > ENTRY_LIMIT or size > SIZE_LIMIT:
            raise tarfile.ReadError(f"it holds more than {entries - 1} files or {SIZE_LIMIT} bytes")
        if info.type in {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}:
            longer[info.type] = _long_name(tar, info.size)
            continue
        if info.type not in {tarfile.REGTYPE, tarfile.SYMTYPE} or info.size < 0:
            raise tarfile.ReadError(f"{info.name} is neither a file nor a link")
        name = longer.pop(tarfile.GNUTYPE_LONGNAME, info.name)
        points_to = longer.pop(tarfile.GNUTYPE_LONGLINK, info.linkname)
        yield _Member(name, points_to if info.issym() else "", info.size, info.mode)
    rest = tar.read(tarfile.RECORDSIZE)  # reading to the end also checks zstd's checksum
    if any(rest) or not _BLOCK <= len(rest) < tarfile.RECORDSIZE:
        raise tarfile.ReadError("it does not end with its end mark")


def _long_name(tar: IO[bytes], size: int) -> str:
    if not 0 < size <= _NAME_LIMIT:
        raise tarfile.ReadError(f"it has a name of {size} bytes")
    text = _read(tar, size + -size % _BLOCK)
    return text[:size].rstrip(b"\0").decode(*_ENCODING)


def _put(tar: IO[bytes], path: str, member: _Member, writers: FileWriters) -> None:
    mode = member.mode & 0o777
    if member.size > _CHUNK:
        _put_large(tar, path, mode, member.size)
    else:
        writers.write(path, mode, _read(tar, member.size))
    _read(tar, -member.size % _BLOCK)


def _put_large(tar: IO[bytes], path: str, mode: int, size: int) -> None:
    descriptor = os.open(path, NEW_FILE, mode)
    try:
        for start in range(0, size, _CHUNK):
            write_all(descriptor, _read(tar, min(size - start, _CHUNK)))
        os.utime(descriptor, (OLD, OLD))
    finally:
        os.close(descriptor)


def _read(tar: IO[bytes], size: int) -> bytes:
    data = tar.read(size)
    if len(data) != size:
        raise EOFError("it ends too early")
    return data
