"""Make a folder of the module tree of a commit, checked, from the one before it and what is new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import BadVersionInfoError, VersionInfo
from gobp.modproxy.published.contents import (
    BadCommitError,
    Served,
    served,
)
from gobp.modproxy.published.git import GitError
from gobp.modproxy.published.mirror import Mirror
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.tree.module_tree import ModuleTree, sync


@dataclass(frozen=True, slots=True)
class Checkout:
    """A commit, and the folder that holds its tree."""

    commit: str
    folder: Path


def check_out(
    mirror: Mirror, wanted: Checkout, before: Checkout | None, zip_hash: ZipHash
) -> tuple[ModuleFile, ...]:
    """Fill the folder of ``wanted``; return the files that ``before`` does not have.

    Files that are as before are links to those, and were checked then. Raises BadCommitError,
    UserError, SourceError where git or git-lfs does not give a file.
    """
    files = served(mirror.entries(wanted.commit))
    known = _files_of(mirror, before) if before else {}
    same = {path for path, each in files.items() if _is_same(each, known.get(path))}
    _make_folders(wanted.folder, files)
    if before:
        for path in same:
            (wanted.folder / path).hardlink_to(before.folder / path)
    new = {path: each for path, each in files.items() if path not in same}
    _write(mirror, wanted, new)
    _Checks(wanted.folder, before, zip_hash).check(files, new)
    _settle(wanted.folder, new)
    added = (each for path, each in new.items() if path not in known)
    return tuple(each.file for each in added if each.file is not None and not each.is_hash)


def _files_of(mirror: Mirror, before: Checkout) -> dict[str, Served]:
    try:
        return served(mirror.entries(before.commit))
    except GitError:  # of a mirror that was made anew since, the branch being rewritten
        return {}


def _is_same(entry: Served, known: Served | None) -> bool:
    return known is not None and known.entry.blob == entry.entry.blob


def _make_folders(root: Path, paths: Iterable[str]) -> None:
    for folder in sorted({path.rpartition("/")[0] for path in paths}):
        (root / folder).mkdir(parents=True, exist_ok=True)


def _write(mirror: Mirror, wanted: Checkout, new: Mapping[str, Served]) -> None:
    with mirror.contents() as contents:
        for path, each in sorted(new.items()):
            contents.write(each.entry, wanted.folder / path)
    mirror.resolve_pointers((wanted.folder / path for path in sorted(new)), wanted.commit)


def _settle(root: Path, new: Iterable[str]) -> None:
    """Have the new files be on the disk before they are seen."""
    paths = [root / path for path in new]
    for path in paths:
        sync(path)
    for folder in {path.parent for path in paths}:
        sync(folder)


class _Checks:
    """What the new files of a commit must be."""

    def __init__(self, root: Path, before: Checkout | None, zip_hash: ZipHash) -> None:
        self._tree = ModuleTree(root)
        self._before = ModuleTree(before.folder) if before else None
        self._zip_hash = zip_hash

    def check(self, files: Mapping[str, Served], new: Mapping[str, Served]) -> None:
        """Raise BadCommitError unless all new files are right, and no version has changed."""
        zips = set()
        for path, each in sorted(new.items()):
            if each.file is None:
                continue
            if each.file.kind is Kind.ZIP:  # a new hash is checked with its zip
                zips.add(each.file)
            elif each.file.kind is Kind.MOD:
                self._check_mod(path, each.file)
            else:
                self._check_info(path, each.file)
        for file in sorted(zips, key=lambda file: file.path):
            if file.path in files:
                self._check_zip(file)

    def _check_zip(self, file: ModuleFile) -> None:
        try:
            h1 = self._zip_hash(self._tree.path_of(file), file)
        except SourceError as error:
            raise BadCommitError(file.path, error.text) from None
        stated = self._tree.pinned_hash(file.module, file.version)
        if stated and stated != h1:
            raise BadCommitError(file.path, f"its hash is {h1}, but its .ziphash says {stated}")
        earlier = self._before.find(file) if self._before else None
        if earlier and self._zip_hash(earlier, file) != h1:
            raise BadCommitError(
                file.path, "the version was published with other content; make a new version"
            )

    def _check_mod(self, path: str, file: ModuleFile) -> None:
        earlier = self._before.find(file) if self._before else None
        if earlier and earlier.read_bytes() != self._tree.path_of(file).read_bytes():
            raise BadCommitError(
                path, "the version was published with other content; make a new version"
            )

    def _check_info(self, path: str, file: ModuleFile) -> None:
        try:
            info = VersionInfo.parse(self._tree.path_of(file).read_bytes())
        except BadVersionInfoError as error:
            raise BadCommitError(path, str(error)) from None
        if info.version != file.version:
            raise BadCommitError(path, f"its Version is {info.version}")
