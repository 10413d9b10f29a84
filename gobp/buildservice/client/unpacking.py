"""Programs out of the archive of a build, which is not trusted to be what it should be."""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from gobp.errors import UserError

_MOST_BYTES = 4 * 1024**3
_PROGRAM = 0o755
_EXECUTABLE = 0o100


def unpack_programs(archive: Path, folder: Path) -> list[Path]:
    """Write the programs of a tar.gz into a folder, one after the other; return them, sorted.

    Nothing but plain files is taken, by their last name, so nothing gets out of the folder. Each
    appears whole, in place of one that may be running. Raises UserError.
    """
    try:
        with tarfile.open(archive, "r:gz") as content:
            programs = _programs(content)
            folder.mkdir(parents=True, exist_ok=True)
            return [_placed(content, programs[name], folder / name) for name in sorted(programs)]
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise _bad(str(error)) from None


def _programs(content: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    programs: dict[str, tarfile.TarInfo] = {}
    total = 0
    for member in content:
        total += member.size
        if total > _MOST_BYTES:
            raise _bad(f"it has more than {_MOST_BYTES} bytes")
        name = PurePosixPath(member.name).name
        if not member.isreg() or not (member.mode & _EXECUTABLE or name.endswith(".exe")):
            continue
        if name in programs or not name.isprintable() or name in {"", ".", ".."} or "\\" in name:
            raise _bad(f"{name!r} is there twice, or no name of a program")
        programs[name] = member
    if not programs:
        raise _bad("there is no program in it")
    return programs


def _placed(content: tarfile.TarFile, member: tarfile.TarInfo, file: Path) -> Path:
    source = content.extractfile(member)
    assert source is not None  # noqa: S101 # it is a plain file
    number, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with source, os.fdopen(number, "wb") as target:
            shutil.copyfileobj(source, target)
            os.fchmod(number, _PROGRAM)
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
    return file


def _bad(why: str) -> UserError:
    return UserError(
        "the archive of the build cannot be taken apart",
        detail=why,
        remedy="take it as it is with --archive, and look into it.",
    )
