"""Find what commands made in a folder, and take it out of there.

Whoever ran the commands may have left anything: links, devices, names that mislead. What comes
out is regular files with plain names, in a folder of our own.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gobp.buildservice.artifacts.archive import check_size
from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.recipe import RecipeError

MOST_FILES = 10_000
_LONGEST_NAME = 1024  # bytes of a path
_CHUNK = 1024 * 1024
_EXECUTABLE = 0o111
_OWN = ".git"  # what git itself writes is no artifact


@dataclass(frozen=True, slots=True)
class Made:
    """A folder in which commands have run: ``inside`` is the path that they knew it by.

    ``before`` are the files that were there at first (see ``listing``).
    """

    folder: Path
    inside: str
    before: frozenset[str] = frozenset()


def listing(folder: Path) -> frozenset[str]:
    """Return the relative paths of all that is in a folder, except folders."""
    return frozenset(_paths(folder))


def collect(made: Made, target: Path, limit: int, say: Callable[[str], None]) -> tuple[str, ...]:
    """Copy the new files of a folder into ``target``, and return their relative paths, sorted.

    A link inside the folder becomes a copy of its file; sockets, devices and links to folders are
    left out, and ``say`` is told. All files together may have ``limit`` bytes. Raises RecipeError
    for a link that leaves the folder, a name that is not plain text, and too much of anything.
    """
    found: dict[str, Path] = {}
    size = 0
    for path in sorted(_new_paths(made)):
        real = _file_of(path, made, say)
        if real is not None:
            found[path] = real
            size += real.lstat().st_size
    check_size(size, limit)
    for path, real in found.items():
        _copy(real, target / path, path)
    return tuple(found)


def _new_paths(made: Made) -> Iterator[str]:
    count = 0
    for path in _paths(made.folder):
        if path in made.before or path.split("/", 1)[0] == _OWN:
            continue
        count += 1
        if count > MOST_FILES:
            raise _refused(f"the build made more than {MOST_FILES} files")
        _check_name(path)
        yield path


def _paths(folder: Path) -> Iterator[str]:
    """Yield the relative paths of all that is below a folder, except folders; links are no such."""
    pending = [""]
    while pending:
        parent = pending.pop()
        try:
            with os.scandir(folder / parent) as entries:
                for entry in entries:
                    path = f"{parent}{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(f"{path}/")
                    else:
                        yield path
        except OSError as error:  # a path too long, or a folder that nobody may read
            shown = ascii(parent[:_LONGEST_NAME])
            raise _refused(f"the folder {shown} cannot be read: {error.strerror}") from None


def _check_name(path: str) -> None:
    """Refuse names that mislead whoever sees or unpacks them, on any system."""
    plain = path.isprintable() and "\\" not in path
    if not plain or len(path.encode(errors="replace")) > _LONGEST_NAME:
        raise _refused(
            f"the build made a file whose name is not plain text: {path[:_LONGEST_NAME]!a}"
        )


def _file_of(path: str, made: Made, say: Callable[[str], None]) -> Path | None:
    """Return the regular file that a path is or links to, None for what is left out."""
    where = made.folder / path
    real = _target_of(path, made) if where.is_symlink() else where
    try:
        mode = real.lstat().st_mode
    except OSError:
        say(f"left out: {path} links to nothing")
        return None
    if stat.S_ISREG(mode):
        return real
    say(f"left out: {path} is no file" if real is where else f"left out: {path} links to no file")
    return None


def _target_of(path: str, made: Made) -> Path:
    """Return what a link leads to in the end. Raises RecipeError if that is not in the folder."""
    where = made.folder / path
    link = os.readlink(where)  # noqa: PTH115 # text, not a path
    if link == made.inside or link.startswith(f"{made.inside}/"):
        where = made.folder / link[len(made.inside) :].lstrip("/")
    real = Path(os.path.realpath(where))  # unlike Path.resolve, says nothing against a loop
    if not real.is_relative_to(os.path.realpath(made.folder)):
        raise _refused(f"the build made a link that leaves the source: {path} -> {link!a}")
    return real


def _copy(source: Path, target: Path, path: str) -> None:
    """Copy a regular file of the size that it was seen with; nothing is waited for or followed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _refused(f"{path} cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as content, target.open("xb") as copy:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(f"{path} changed while it was read")
        _copy_bytes(content, copy, status.st_size)
    target.chmod(0o755 if status.st_mode & _EXECUTABLE else 0o644)


def _copy_bytes(content: IO[bytes], copy: IO[bytes], size: int) -> None:
    while size > 0 and (chunk := content.read(min(size, _CHUNK))):
        size -= len(chunk)
        copy.write(chunk)


def _refused(text: str) -> RecipeError:
    return RecipeError(State.FAILED, text)
