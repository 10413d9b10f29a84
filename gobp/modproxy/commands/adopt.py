"""Take over a module cache of the go command: its files are linked, not copied, where possible."""

import fcntl
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from gobp.errors import UserError
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.stored import Stored, in_threads, list_what_is_stored, stored_files
from gobp.modproxy.commands.taking import RefusedFileError, take_file, take_sums
from gobp.modproxy.commands.verify_sums import sums_files
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.protocol.requests import ModuleFile, SumdbFile
from gobp.modproxy.routing import Router
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees

_CLONE = 0x40049409  # FICLONE of linux/fs.h: share the blocks of another file
_REMEDY = "run `go clean -modcache` where the cache is from, or leave it: it is fetched when asked."


@dataclass(frozen=True, slots=True)
class Adopted:
    """How many files came, with their bytes, and how many were in the trees before.

    ``published`` has the files of modules that are new, each with its tree.
    """

    files: int
    size: int
    there: int
    sums: int
    problems: tuple[Problem, ...]
    published: tuple[tuple[ModuleTree, Stored], ...]


def cache_folder(folder: Path) -> Path:
    """Return the files below GOMODCACHE, or below its cache/download. Raises UserError."""
    for candidate in (folder / "cache" / "download", folder):
        if candidate.is_dir() and any(ModuleTree(candidate).modules()):
            return candidate
    raise UserError(
        f"{folder} is no module cache: it has no cache/download with modules in it",
        remedy="name the folder that `go env GOMODCACHE` prints.",
    )


def cached_files(folder: Path) -> list[Stored]:
    """Return the files of versions in a module cache, sorted by their modules."""
    source = ModuleTree(folder)
    return [stored for module in source.modules() for stored in stored_files(source, module)]


def adopt(  # noqa: PLR0913 # where from, where to, by which rules
    trees: Trees,
    folder: Path,
    router: Router,
    zip_hash: ZipHash,
    progress: Progress,
    *,
    expected: Mapping[ModuleFile, str],
    left_out: Collection[ModuleFile] = (),
) -> Adopted:
    """Take what is right of a module cache (cache_folder) into the trees.

    Private modules go to the private tree, and what a rule denies is left out. ``expected`` has
    hashes that are known. A file that is damaged, or other than the one that a tree has, is a
    problem, and stays where it is.
    """
    files = [stored for stored in cached_files(folder) if stored.file not in left_out]
    progress.begin("adopting files", len(files))
    take = partial(_adopt, router, zip_hash, expected)
    taken = in_threads(take, files, progress)
    sums = list(sums_files(folder / "sumdb"))
    progress.begin("adopting what checksum databases said", len(sums))
    known = in_threads(lambda each: _adopt_sums(trees.public, *each), sums, progress)
    published = tuple(each for each in taken if isinstance(each, tuple))
    problems = tuple(each for each in (*taken, *known) if isinstance(each, Problem))
    _make_lists(published)
    return Adopted(
        files=len(published),
        size=sum(stored.size for _, stored in published),
        there=sum(each is None for each in taken),
        sums=sum(each is True for each in known),
        problems=problems,
        published=published,
    )


def _adopt(
    router: Router,
    zip_hash: ZipHash,
    expected: Mapping[ModuleFile, str],
    stored: Stored,
) -> tuple[ModuleTree, Stored] | Problem | None:
    """Return the file in its tree, a problem, or None if it was there."""
    file = stored.file
    route = router.route(file.module, file.version, file.path)
    if isinstance(route, Answer):
        return Problem(str(stored.path), "a rule denies or hides it", "see rules in the settings.")
    tree = route.tree
    target = tree.path_of(file)
    if target.exists() and target.samefile(stored.path):  # it was adopted, and so verified, before
        return None
    known = expected.get(file, "")

    def take(temporary: Path) -> bool:
        return take_file(tree, file, temporary, zip_hash, expected=known)

    outcome = _linked(tree, stored.path, take)
    if isinstance(outcome, Problem):
        return outcome
    return (tree, Stored(file, target, stored.size)) if outcome else None


def _adopt_sums(tree: ModuleTree, file: SumdbFile, path: Path) -> bool | Problem:
    return _linked(tree, path, lambda temporary: take_sums(tree, file, temporary))


def _linked(tree: ModuleTree, path: Path, take: Callable[[Path], bool]) -> bool | Problem:
    """Give a file to ``take`` as if it were in the tree's folder for unfinished files."""
    try:
        with tree.new_file() as temporary, linked_or_copied(path, temporary):
            return take(temporary)
    except RefusedFileError as refused:
        return Problem(str(path), str(refused), _REMEDY)
    except SourceError as error:
        return Problem(str(path), error.text, _REMEDY)
    except OSError as error:
        if error.filename != str(path):  # it is not the cache's file that cannot be read
            raise
        return Problem(str(path), f"it cannot be read: {error.strerror}", _REMEDY)


@contextmanager
def linked_or_copied(source: Path, target: Path) -> Iterator[None]:
    """Make ``target``, an unfinished file of a tree, a link to a file while the block runs.

    On another file system it is a copy, which shares the file's blocks where that can be done.
    The file is locked, as unfinished files are.
    """
    with source.open("rb") as reader:
        beside = target.with_name(f"{target.name}.link")
        try:
            fcntl.flock(reader, fcntl.LOCK_SH)
            os.link(source, beside)
            beside.replace(target)
        except OSError:  # another file system, or one without links, or somebody else's file
            _copy(reader, target)
        yield


def _copy(reader: IO[bytes], target: Path) -> None:
    with target.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _CLONE, reader.fileno())
        except OSError:
            shutil.copyfileobj(reader, writer, 1024 * 1024)


def _make_lists(published: Iterable[tuple[ModuleTree, Stored]]) -> None:
    for tree, module in {(tree, stored.file.module) for tree, stored in published}:
        list_what_is_stored(tree, module)
