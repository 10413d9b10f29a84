"""Every file of the app and its digest.

Of a git repository everything counts but the content of objects, which their names say, and what
git keeps for people alone.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gobp.buildpack.unchanged.digests import NoKeyError, digest_of, file_digest
from gobp.buildpack.unchanged.git_index import index_digest

_THREADS = 4
_WORTH_THREADS = 32 * 1024 * 1024  # bytes of an app from which on threads pay for their start
_GIT = ".git"
_GIT_INDEX = "/.git/index"
# What of a repository has no part in what git tells go. Source: gitrepository-layout(5).
_OF_GIT_FOR_PEOPLE = re.compile(
    r"(.*/)?\.git/(logs/.*|COMMIT_EDITMSG|FETCH_HEAD|ORIG_HEAD|description)"
)
_GIT_OBJECT = re.compile(
    r"(.*/)?\.git/objects/([0-9a-f]{2}/[0-9a-f]{38,62}|pack/pack-[0-9a-f]{40,64}\.\w+)"
)
# Repositories that go asks other programs about, or whose objects are elsewhere.
_OTHER_REPOSITORY = re.compile(
    r"(.*/)?(\.hg|\.svn|\.bzr|\.fslckout|_FOSSIL_|\.git/commondir|\.git/objects/info/alternates)"
)


@dataclass(frozen=True, slots=True)
class AppFiles:
    """What each name in the app stands for: kind, mode, and digest of the content.

    ``size`` is how many bytes were read for that.
    """

    entries: Mapping[str, str]
    size: int

    @property
    def digest(self) -> str:
        """The digest of all of it."""
        return digest_of(part for entry in sorted(self.entries.items()) for part in entry)

    @property
    def has_repository(self) -> bool:
        """Tell whether there is a git repository that go may ask git about."""
        return any(path == _GIT or path.endswith(f"/{_GIT}") for path in self.entries)


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    mode: int
    size: int


def read_app(root: str) -> AppFiles:
    """Read the whole app. Raises NoKeyError where it refers to what is not in it, and OSError."""
    real = os.path.realpath(root)
    entries: dict[str, str] = {}
    files: list[_File] = []
    for path, status in _walk(root):
        if _OTHER_REPOSITORY.fullmatch(path):
            raise NoKeyError(f"{path} leads out of the app")
        if stat.S_ISLNK(status.st_mode):
            entries[path] = f"link {_link(root, path, real)}"
        elif stat.S_ISREG(status.st_mode) and not _GIT_OBJECT.fullmatch(path):
            files.append(_File(path, status.st_mode, status.st_size))
        else:  # folders, objects, and what cannot be read as a file
            size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
            entries[path] = f"{status.st_mode:o} {size}"
    for file, digest in zip(files, _digests(root, files), strict=True):
        entries[file.path] = _entry(file.mode, digest)
    return AppFiles(entries, sum(file.size for file in files))


def entry_of(root: str, path: str) -> str:
    """Return what a file of the app stands for now, "" where there is none. Raises OSError."""
    place = f"{root}/{path}"
    if not os.path.lexists(place):
        return ""
    status = os.lstat(place)
    if not stat.S_ISREG(status.st_mode):
        return f"not a file: {status.st_mode:o}"
    return _entry(status.st_mode, file_digest(place))


def _entry(mode: int, digest: str) -> str:
    return f"{mode:o} {digest}"


def _walk(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every name below a folder, relative to it, in no order."""
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(f"{root}/{folder}") as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                if _OF_GIT_FOR_PEOPLE.fullmatch(path):
                    continue
                yield path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{path}/")


def _link(root: str, path: str, real: str) -> str:
    """Return what a link says. Raises NoKeyError where go may read through it what is not here."""
    place = os.path.realpath(f"{root}/{path}")
    inside = f"{place}/".startswith(f"{real}/") and f"/{_GIT}/" not in place.removeprefix(real)
    if not inside and os.path.lexists(place):
        raise NoKeyError(f"the link {path} leads out of the app")
    return os.readlink(f"{root}/{path}")  # noqa: PTH115 # text


def _digests(root: str, files: Sequence[_File]) -> list[str]:
    paths = [f"{root}/{file.path}" for file in files]
    if sum(file.size for file in files) < _WORTH_THREADS:
        return [_digest(path) for path in paths]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 # not for most apps

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(_digest, paths))


def _digest(path: str) -> str:
    if not path.endswith(_GIT_INDEX):
        return file_digest(path)
    with open(path, "rb") as file:  # noqa: PTH123 # text
        return index_digest(file.read())
