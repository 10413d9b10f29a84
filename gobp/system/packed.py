"""Folders as one archive each: what a cached layer holds, opened only when something needs it.

A lifecycle unpacks every cached layer before a build and packs it again afterwards, so the bytes
and files in it are what a build without a change costs (docs/decisions/0013-packed-layers.md).
"""

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from gobp.errors import UserError
from gobp.system.archive import inside

SUFFIX = ".tar.zst"
_LEVEL = 1  # of zstd: higher ones cost more time than the bytes they save
_CHUNK = 1024 * 1024


def pack(folder: Path, archive: Path, names: Iterable[str]) -> int:
    """Write the files and links of ``folder`` with these relative names as an archive.

    The same files give the same bytes: names are sorted, times and owners are left out. The
    archive is there as a whole or not at all. Returns its size in bytes.
    """
    import zstandard  # noqa: PLC0415 # only builds that compile need it

    temporary = archive.with_name(f".{archive.name}.new")
    compressor = zstandard.ZstdCompressor(level=_LEVEL, threads=-1)
    with (
        temporary.open("wb") as file,
        compressor.stream_writer(file) as stream,
        tarfile.open(fileobj=stream, mode="w|", bufsize=_CHUNK) as tar,
    ):
        for name in sorted(names):
            _add(tar, folder, name)
    temporary.replace(archive)
    return archive.stat().st_size


def unpack(archive: Path, folder: Path) -> tuple[str, ...]:
    """Unpack an archive that ``pack`` made into ``folder``; return the names of its files.

    Raises UserError where it is damaged; what is in ``folder`` then is not to be used.
    """
    import zstandard  # noqa: PLC0415 # see pack

    names: list[str] = []
    folders: set[str] = set()
    try:
        with archive.open("rb") as file:
            stream = zstandard.ZstdDecompressor().stream_reader(file, read_size=_CHUNK)
            with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as tar:
                for member in tar:
                    _put(tar, member, folder, folders)
                    names.append(member.name)
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise UserError(
            f"{archive.name} is not a whole archive: {error}",
            remedy="build again with --clear-cache: the cache holds a broken copy.",
        ) from error
    return tuple(names)


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


def _add(tar: tarfile.TarFile, folder: Path, name: str) -> None:
    path = folder / name
    status = path.lstat()
    info = tarfile.TarInfo(name)
    info.mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(info)
        return
    info.size = status.st_size
    with path.open("rb") as content:
        tar.addfile(info, content)


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, folders: set[str]) -> None:
    where = inside(folder, member.name)
    parent = member.name.rpartition("/")[0]
    if parent not in folders:
        where.parent.mkdir(parents=True, exist_ok=True)
        folders.add(parent)
    if member.issym():
        where.symlink_to(member.linkname)
        return
    content = tar.extractfile(member)
    if content is None:
        raise tarfile.TarError(f"{member.name} is neither a file nor a link")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(where, flags, member.mode & 0o777), "wb", buffering=0) as file:
        _copy(content, file)


def _copy(content: IO[bytes], file: IO[bytes]) -> None:
    while chunk := content.read(_CHUNK):
        file.write(chunk)
