"""Extraction of archives, kept inside one folder and bounded."""

import contextlib
import errno
import gzip
import hashlib
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from gobp.errors import UserError
from gobp.system.zip_entries import read_entry

SIZE_LIMIT = 4 * 1024**3  # bytes that one archive may unpack to
ENTRY_LIMIT = 200_000
OLD = 1.0
"""The time of every file that is unpacked, in seconds since 1970: always the same, and so old that
go takes a folder for finished. It remembers what is in one by its files' times, and trusts no file
of the last seconds. Source: cmd/go, internal/modindex, ``dirHash`` and ``modTimeCutoff``."""
_CHUNK = 1024 * 1024
_BATCH = 64  # files that a thread takes at once
_MOST_THREADS = 4  # more would wait for each other in Python
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    RuntimeError,  # zipfile's word for encrypted, and for an unknown compression
    ValueError,  # a number or a name in a header that is none
    IndexError,  # a header that is shorter than it says
    struct.error,
    OverflowError,  # a size beyond any memory
)
# What the system answers to names that cannot be (there twice, below a file, too long) and to
# places before the beginning of a file; bz2 raises OSError without a number.
_IMPOSSIBLE = frozenset(
    {None, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL}
)
_FETCH_AGAIN = "fetch it again; if it stays so, the place it comes from holds a broken copy."
_NOWHERE = frozenset({"", "."})

Keep = Callable[[str], str | None]
"""Maps an entry's name to the path it gets below the folder, or to None to leave it out."""


def extract_tar(archive: Path, target: Path, keep: Keep) -> dict[str, str]:
    """Extract a tar (plain, gzip, xz, bzip2) into ``target``.

    Returns the sha256 (hex) of every regular file by its name in the archive, kept or not, so
    that a caller can check the whole before it uses a part. Every file gets the time OLD. Raises
    UserError on a broken archive or one that would leave its folder; what is in ``target`` then
    is not to be used.
    """
    sums: dict[str, str] = {}
    links: list[tuple[str, str]] = []
    folder = _Folder(target)
    with broken_is_an_error(archive), tarfile.open(archive) as tar:
        for member in _bounded(tar):
            path = keep(member.name)
            if member.isreg():
                content = tar.extractfile(member)
                if content is not None:
                    chunks = iter(partial(content.read, _CHUNK), b"")
                    sums[member.name] = folder.put(path, chunks, executable=member.mode & 0o111)
            elif path is not None and member.issym():
                links.append((path, member.linkname))
        make_links(target, links, archive)  # last, so that no file is written through a link
    return sums


def extract_zip(
    archive: Path, target: Path, keep: Keep, executable: Callable[[str], bool]
) -> dict[str, str]:
    """Extract a zip into ``target``; zips of Go modules carry no modes, so ``executable`` decides.

    Returns and raises as extract_tar; ``executable`` gets the path below the folder.
    """
    folder = _Folder(target)

    def extract(infos: list[zipfile.ZipInfo]) -> dict[str, str]:
        sums = {}
        for info in infos:
            path = keep(info.filename)
            mode = path is not None and executable(path)
            chunks = read_entry(file.fileno(), info)
            sums[info.filename] = folder.put(path, chunks, executable=mode)
        return sums

    with broken_is_an_error(archive), archive.open("rb") as file:
        with zipfile.ZipFile(file) as zipped:
            infos = [info for info in zipped.infolist() if not info.is_dir()]
        _check_bounds(len(infos), sum(info.file_size for info in infos))
        return _in_threads(extract, infos)


def _in_threads(
    extract: Callable[[list[zipfile.ZipInfo]], dict[str, str]], infos: list[zipfile.ZipInfo]
) -> dict[str, str]:
    """Extract entries in several threads: zlib, the sums and the system work beside each other."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 # slow to import

    batches = [infos[start : start + _BATCH] for start in range(0, len(infos), _BATCH)]
    sums: dict[str, str] = {}
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        try:
            for some in pool.map(extract, batches):
                sums.update(some)
        finally:
            pool.shutdown(cancel_futures=True)
    return sums


def _bounded(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    size = 0
    for count, member in enumerate(tar, start=1):
        size += member.size
        _check_bounds(count, size)
        yield member


def _check_bounds(entries: int, size: int) -> None:
    if entries > ENTRY_LIMIT or size > SIZE_LIMIT:
        raise UserError(
            f"an archive holds more than {ENTRY_LIMIT} files or {SIZE_LIMIT // 1024**3} GiB",
            remedy="check where the archive comes from: no Go distribution is that large.",
        )


def inside(target: Path, path: str) -> Path:
    """Return where a relative path leads below ``target``. Raises UserError if it leads out."""
    if not is_inside(path):
        raise UserError(
            f"an archive names a file outside its folder: {path!r}",
            remedy="do not use this archive; fetch it again from a source you trust.",
        )
    return target / path


def is_inside(path: str) -> bool:
    """Tell whether a relative path stays below the folder that it is put to."""
    if path.startswith("/") or "\0" in path:
        return False
    parts = path.split("/")
    return ".." not in parts and any(part not in _NOWHERE for part in parts)


class _Folder:
    """Where an archive is extracted to; threads may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: set[str] = set()

    def put(self, path: str | None, content: Iterable[bytes], *, executable: int) -> str:
        """Write a file, or none where the path is None; return its sha256 in hex."""
        digest = hashlib.sha256()
        if path is None:
            for chunk in content:
                digest.update(chunk)
            return digest.hexdigest()
        with os.fdopen(self._create(path), "wb", buffering=0) as file:
            for chunk in content:
                digest.update(chunk)
                file.write(chunk)
            if executable:
                os.fchmod(file.fileno(), 0o755)
            os.utime(file.fileno(), (OLD, OLD))
        return digest.hexdigest()

    def _create(self, path: str) -> int:
        where = str(inside(self._root, path))
        parent = where.rpartition("/")[0]
        if parent not in self._made:
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103 # many: Path would take longer
            self._made.add(parent)
        return os.open(where, _NEW_FILE, 0o644)


def make_links(target: Path, links: list[tuple[str, str]], archive: Path) -> None:
    """Make every link (path below ``target``, what it points to) of an archive.

    A link may lead through others, so all are looked at once more when all are there. Raises
    UserError where one leads out of ``target``.
    """
    for path, points_to in links:
        where = inside(target, path)
        if points_to.startswith("/") or not _leads_inside(target, where.parent):
            raise _leaving_link(archive, path, points_to)
        where.parent.mkdir(parents=True, exist_ok=True)
        where.symlink_to(points_to)
    for path, points_to in links:
        if not _leads_inside(target, inside(target, path)):
            raise _leaving_link(archive, path, points_to)


def _leads_inside(target: Path, path: Path) -> bool:
    real = os.path.realpath(path)  # unlike Path.resolve, says nothing against a loop
    return Path(real).is_relative_to(os.path.realpath(target))


def _leaving_link(archive: Path, path: str, points_to: str) -> UserError:
    return UserError(
        f"{archive.name} has a link that leaves its folder: {path} -> {points_to}",
        remedy="do not use this archive; fetch it again from a source you trust.",
    )


@contextlib.contextmanager
def broken_is_an_error(archive: Path, *, remedy: str = _FETCH_AGAIN) -> Iterator[None]:
    """Turn what the libraries raise on a broken archive into words for the user."""
    try:
        yield
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _IMPOSSIBLE:
            raise
        raise UserError(f"{archive.name} is not a whole archive: {error}", remedy=remedy) from error
