"""Make the zip of a module from a tar file of its folder, by the rules that the go command has."""

import shutil
import tarfile
import zipfile
from pathlib import Path

from gobp.golang.modzip import MOST_BYTES, FileKind, RepositoryFile, choose_files
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.sources.source import RefusedError

LICENSE = "LICENSE"
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # that a zip can have
_CHUNK = 1024 * 1024


def make_module_zip(
    tar: Path, target: Path, file: ModuleFile, *, folder: str, go_mod: bytes, licence: bytes | None
) -> None:
    """Write the zip of a module; the same tar file gives the same bytes.

    Paths in the tar file are from the root of the repository. ``licence`` is what stands there,
    for a module in a ``folder`` that has none of its own. Raises RefusedError where the
    repository has files that no module can have.
    """
    prefix = f"{folder}/" if folder else ""
    with tarfile.open(tar) as archive:
        members = {
            member.name.removeprefix(prefix): member
            for member in archive
            if member.name.startswith(prefix) and not member.isdir()
        }
        files = [RepositoryFile(path, m.size, _kind(m)) for path, m in members.items()]
        if licence is not None and folder and LICENSE not in members:
            files.append(RepositoryFile(LICENSE, len(licence)))
        verdict = choose_files(files, go_mod.decode("utf-8", "replace"))
        if verdict.problem:
            raise RefusedError(f"{file}: no zip can be made: {verdict.problem}")
        _write(archive, target, file, {p: members.get(p) for p in verdict.valid}, licence or b"")
    if target.stat().st_size > MOST_BYTES:
        raise RefusedError(f"{file}: the zip is larger than {MOST_BYTES} bytes")


def _write(
    archive: tarfile.TarFile,
    target: Path,
    file: ModuleFile,
    members: dict[str, tarfile.TarInfo | None],
    licence: bytes,
) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for path, member in members.items():
            entry = zipfile.ZipInfo(f"{file.module}@{file.version}/{path}", _FIRST_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = archive.extractfile(member) if member is not None else None
            if content is None:
                made.writestr(entry, licence)
                continue
            with content, made.open(entry, "w") as written:
                shutil.copyfileobj(content, written, _CHUNK)


def _kind(member: tarfile.TarInfo) -> FileKind:
    if member.issym():
        return FileKind.SYMLINK
    return FileKind.REGULAR if member.isfile() else FileKind.OTHER
