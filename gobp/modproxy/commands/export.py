"""Write modules of the trees into one archive."""

import contextlib
import gzip
import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gobp.errors import UserError
from gobp.golang.dirhash import go_mod_hash
from gobp.modproxy.commands.archive import MANIFEST, Entry, encoded, is_compressed
from gobp.modproxy.commands.choices import Choice
from gobp.modproxy.commands.outcome import Progress
from gobp.modproxy.commands.stored import Stored, all_stored, in_threads
from gobp.modproxy.commands.sums_needed import needed_sums
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees


@dataclass(frozen=True, slots=True)
class Exported:
    """How many files the archive holds, of how many modules, and their bytes."""

    files: int
    modules: int
    size: int


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A file by its name in the archive; ``module_file`` is None for one of a database."""

    name: str
    path: Path
    module_file: ModuleFile | None
    tree: ModuleTree


def export(
    trees: Trees,
    choice: Choice,
    target: Path,
    *,
    private: bool,
    zip_hash: ZipHash,
    progress: Progress,
) -> Exported:
    """Write what ``choice`` takes to the file ``target``: .tar, or compressed .tar.gz.

    What the checksum databases say of it goes along. The same files give the same archive.
    Raises UserError if there is nothing, or a file changes meanwhile.
    """
    compress = is_compressed(target)
    chosen = list(_chosen(trees, choice, private=private))
    if not chosen:
        raise UserError(
            "no module of the trees is to be exported",
            remedy="see `gobp modules show` for what there is, and choose again.",
        )
    progress.begin("hashing files", len(chosen))
    entries = tuple(in_threads(lambda file: _entry(file, zip_hash), chosen, progress))
    progress.begin("writing the archive", len(chosen))
    with _new(target) as output, _compressed(output, compress=compress) as stream:
        _write(stream, entries, chosen, progress)
    modules = {each.module_file.module for each in chosen if each.module_file}
    return Exported(len(entries), len(modules), sum(entry.size for entry in entries))


def _chosen(trees: Trees, choice: Choice, *, private: bool) -> Iterator[_Chosen]:
    """Yield the files to export; those of databases first, then by tree and path."""
    public = [stored for stored in all_stored(trees.public) if choice(stored)]
    versions = {(stored.file.module, stored.file.version) for stored in public}
    for file, path in needed_sums(trees.public, versions):
        yield _Chosen(f"public/{file.path}", path, None, trees.public)
    yield from _named("public", trees.public, public)
    if not private:
        return
    seen: set[ModuleFile] = set()
    for tree in (trees.private, trees.published):
        files = [each for each in all_stored(tree) if choice(each) and each.file not in seen]
        seen.update(each.file for each in files)
        yield from _named("private", tree, files)


def _named(name: str, tree: ModuleTree, files: Iterable[Stored]) -> Iterator[_Chosen]:
    for stored in files:
        yield _Chosen(f"{name}/{stored.file.path}", stored.path, stored.file, tree)


def _entry(chosen: _Chosen, zip_hash: ZipHash) -> Entry:
    with chosen.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    return Entry(f"{chosen.name}", size, sha256, _h1(chosen, zip_hash))


def _h1(chosen: _Chosen, zip_hash: ZipHash) -> str:
    file = chosen.module_file
    if file is None or file.kind is Kind.INFO:
        return ""
    if file.kind is Kind.MOD:
        return go_mod_hash(chosen.path.read_bytes())
    pinned = chosen.tree.pinned_hash(file.module, file.version)
    try:
        return pinned or zip_hash(chosen.path, file)
    except SourceError as error:
        raise UserError(
            error.text, remedy="run `gobp modules verify --fix` and export again."
        ) from None


@contextlib.contextmanager
def _new(target: Path) -> Iterator[IO[bytes]]:
    """Open a file that gets the name of the target once it is whole, or else goes."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise UserError(
            f"{target} cannot be written: {error.strerror}", remedy="name another file."
        ) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _compressed(output: IO[bytes], *, compress: bool) -> Iterator[IO[bytes]]:
    if not compress:
        yield output
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=output, mtime=0) as stream:
        yield stream  # type: ignore[misc] # it is written to as any file


def _write(
    stream: IO[bytes], entries: Sequence[Entry], chosen: Sequence[_Chosen], progress: Progress
) -> None:
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        manifest = encoded(tuple(entries))
        tar.addfile(_header(MANIFEST, len(manifest)), io.BytesIO(manifest))
        for entry, file in zip(entries, chosen, strict=True):
            with file.path.open("rb") as content:
                reader = _Digesting(content)
                tar.addfile(_header(entry.path, entry.size), reader)
            if reader.digest.hexdigest() != entry.sha256:
                raise UserError(
                    f"{file.path} changed while it was exported", remedy="run the command again."
                )
            progress.step()


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size
    header.mode = 0o644
    return header


class _Digesting:
    """A file that is hashed while it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._content.read(size)
        self.digest.update(chunk)
        return chunk
