"""What a tree holds, file by file, and the lists that can be made of it."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gobp.errors import UserError
from gobp.golang.module import unescape_version
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.commands.outcome import Progress
from gobp.modproxy.protocol.requests import Kind, ModuleFile, is_canonical, version_folder
from gobp.modproxy.protocol.version_list import in_order
from gobp.modproxy.tree.module_tree import ModuleTree

_THREADS = 4  # hashing and unpacking leave the interpreter's lock to others
_LONG_AGO = (0, 0)  # nanoseconds since 1970
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a version in a tree; size in bytes."""

    file: ModuleFile
    path: Path
    size: int


def stored_files(tree: ModuleTree, module: str) -> Iterator[Stored]:
    """Yield the .info, .mod and .zip files of a module, sorted by their names."""
    try:
        with os.scandir(tree.root / version_folder(module)) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        file = _file_named(module, entry.name)
        if file is not None and entry.is_file(follow_symlinks=False):
            yield Stored(file, Path(entry.path), entry.stat(follow_symlinks=False).st_size)


def all_stored(tree: ModuleTree) -> Iterator[Stored]:
    """Yield every .info, .mod and .zip file of a tree."""
    for module in tree.modules():
        yield from stored_files(tree, module)


def complete_versions(tree: ModuleTree, module: str) -> tuple[str, ...]:
    """Return the tagged versions that a tree has all files of, by precedence.

    A version of which it has the .mod alone is in some module's graph, and nothing to offer.
    """
    kinds: dict[str, set[Kind]] = {}
    for stored in stored_files(tree, module):
        kinds.setdefault(stored.file.version, set()).add(stored.file.kind)
    complete = (version for version, has in kinds.items() if has == set(Kind))
    return in_order(version for version in complete if not is_pseudo_version(version))


def list_what_is_stored(tree: ModuleTree, module: str) -> None:
    """See that the complete versions of a module stand in its list.

    The list may hold more: what a source answered. Its time stays, or is long ago for a new one,
    so that a server that can ask a source does so.
    """
    listed = tree.listed(module)
    complete = complete_versions(tree, module)
    if set(complete) <= set(listed or ()):
        return
    path = tree.list_path(module)
    times = _LONG_AGO if listed is None else (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    tree.write_list(module, in_order((*(listed or ()), *complete)))
    os.utime(path, ns=times)


def forget_in_list(tree: ModuleTree, module: str, versions: Iterable[str]) -> None:
    """Take versions out of a module's list, which is from long ago then: see above."""
    listed = tree.listed(module)
    gone = set(versions)
    if listed is None or gone.isdisjoint(listed):
        return
    tree.write_list(module, tuple(version for version in listed if version not in gone))
    os.utime(tree.list_path(module), ns=_LONG_AGO)


def in_threads(
    work: Callable[[_Item], _Result], items: Iterable[_Item], progress: Progress
) -> list[_Result]:
    """Return the results of work on each item, in their order; a few are worked on at once."""

    def stepped(item: _Item) -> _Result:
        try:
            return work(item)
        finally:
            progress.step()

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            return list(pool.map(stepped, items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _file_named(module: str, name: str) -> ModuleFile | None:
    stem, _, extension = name.rpartition(".")
    if extension not in set(Kind):
        return None
    try:
        version = unescape_version(stem)
    except UserError:
        return None
    return ModuleFile(module, version, Kind(extension)) if is_canonical(module, version) else None
