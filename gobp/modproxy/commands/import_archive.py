"""Take modules from an archive into the trees: each file is verified, then published."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gobp.errors import UserError
from gobp.modproxy.commands.archive import (
    MANIFEST,
    MOST_MANIFEST_BYTES,
    Entry,
    Manifest,
    bad_archive,
    decoded,
    is_compressed,
    place,
)
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.stored import Stored, list_what_is_stored
from gobp.modproxy.commands.taking import RefusedFileError, take_file, take_sums
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.requests import ModuleFile, SumdbFile
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees

_CHUNK = 1024 * 1024
_MOST_READ = 64 * 1024 * 1024  # at once: a header of the archive that is larger is none
_BROKEN = (tarfile.TarError, ValueError, OverflowError)  # what tarfile raises at bad headers
_REMEDY = "see which of the two is right: `gobp modules verify` says whether the one here is."


@dataclass(frozen=True, slots=True)
class Imported:
    """How many files came, with their bytes, and how many were here before.

    ``published`` has the files of modules that are new, each with its tree.
    """

    files: int
    size: int
    there: int
    problems: tuple[Problem, ...]
    published: tuple[tuple[ModuleTree, Stored], ...] = ()


@dataclass(frozen=True, slots=True)
class _Target:
    tree: ModuleTree
    file: ModuleFile | SumdbFile

    @property
    def path(self) -> Path:
        return self.tree.root / self.file.path


def import_archive(
    trees: Trees, archive: Path, zip_hash: ZipHash, progress: Progress, *, private: bool
) -> Imported:
    """Take all files of an archive that are not here yet; private ones only with ``private``.

    Nothing that is here is changed: where the archive has something else, that is a problem. It
    can be stopped and run again. Raises UserError for an archive that is broken or no such one.
    """
    source = archive.name
    with _opened(archive, source) as tar:
        manifest = _manifest(tar, source)
        targets = {e.path: _Target(*place(trees, e, source=source)) for e in manifest.files}
        progress.begin("importing files", len(manifest.files))
        taken: list[tuple[_Target, int]] = []
        problems: list[Problem] = []
        there = 0
        for entry, content in _members(tar, manifest, source):
            target = targets[entry.path]
            if target.tree is trees.private and not private:
                problems.append(_private(entry))
                continue
            try:
                new = _take(target, entry, content, zip_hash)
            except (RefusedFileError, SourceError) as refused:
                problems.append(Problem(entry.path, str(refused), _REMEDY))
            else:
                there += not new
                taken += [(target, entry.size)] * new
            progress.step()
    _make_lists(targets)
    return Imported(
        files=len(taken),
        size=sum(size for _, size in taken),
        there=there,
        problems=tuple(problems),
        published=tuple(
            (target.tree, Stored(target.file, target.path, size))
            for target, size in taken
            if isinstance(target.file, ModuleFile)
        ),
    )


class _Bounded(io.BufferedReader):
    """A file of which no large part is read at once, whatever the headers of a tar say."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= _MOST_READ:
            raise tarfile.ReadError("a part of it is too large")
        try:
            return super().read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise tarfile.ReadError(str(error)) from error


@contextmanager
def _opened(archive: Path, source: str) -> Iterator[tarfile.TarFile]:
    try:
        with archive.open("rb") as file:
            raw = _gunzipped(file) if is_compressed(archive) else file
            bounded = _Bounded(raw)  # type: ignore[arg-type] # any file that is read
            with tarfile.open(fileobj=bounded, mode="r:") as tar:
                yield tar
    except tarfile.TarError as error:
        raise bad_archive(source, str(error)) from error
    except FileNotFoundError:
        if archive.exists():
            raise
        raise UserError(f"there is no {archive}", remedy="name an existing archive.") from None


def _gunzipped(file: IO[bytes]) -> IO[bytes]:
    return gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[return-value] # it is read as any


def _manifest(tar: tarfile.TarFile, source: str) -> Manifest:
    first = _next(tar, source)
    content = tar.extractfile(first) if first is not None and first.isreg() else None
    if first is None or content is None or first.name != MANIFEST:
        raise bad_archive(source, f"its first file is not {MANIFEST}")
    if first.size > MOST_MANIFEST_BYTES:
        raise bad_archive(source, f"its {MANIFEST} is larger than {MOST_MANIFEST_BYTES} bytes")
    return decoded(content.read(first.size), source=source)


def _members(
    tar: tarfile.TarFile, manifest: Manifest, source: str
) -> Iterator[tuple[Entry, IO[bytes]]]:
    """Yield the entries with their contents, which must come as the manifest has them."""
    for entry in manifest.files:
        member = _next(tar, source)
        if member is None:
            raise bad_archive(source, f"it ends before {entry.path}")
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or (member.name, member.size) != (entry.path, entry.size):
            raise bad_archive(source, f"it has {member.name!r} where {entry.path} should be")
        yield entry, content
    if _next(tar, source) is not None:
        raise bad_archive(source, f"it holds more than its {MANIFEST} lists")


def _next(tar: tarfile.TarFile, source: str) -> tarfile.TarInfo | None:
    try:
        member = tar.next()
    except _BROKEN as error:
        raise bad_archive(source, str(error)) from error
    tar.members.clear()  # type: ignore[attr-defined] # it would keep the headers of all
    return member


def _take(target: _Target, entry: Entry, content: IO[bytes], zip_hash: ZipHash) -> bool:
    """Publish a file; return False if it was here. Raises RefusedFileError and SourceError."""
    if _sha256(target.path) == entry.sha256:
        return False
    target.tree.prepare()
    with target.tree.new_file() as temporary:
        digest = hashlib.sha256()
        with temporary.open("wb") as output:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                output.write(chunk)
        if digest.hexdigest() != entry.sha256:
            raise RefusedFileError("it is not what the archive's list says")
        if isinstance(target.file, SumdbFile):
            return take_sums(target.tree, target.file, temporary)
        return take_file(target.tree, target.file, temporary, zip_hash, expected=entry.h1)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _private(entry: Entry) -> Problem:
    return Problem(
        entry.path, "it is private, and was left out", "add --private to take private modules."
    )


def _make_lists(targets: Mapping[str, _Target]) -> None:
    modules = {
        (target.tree, target.file.module)
        for target in targets.values()
        if isinstance(target.file, ModuleFile)
    }
    for tree, module in modules:
        list_what_is_stored(tree, module)
