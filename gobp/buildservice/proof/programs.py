"""What the programs of a build say of themselves: the go command reads it and runs none of them."""

import os
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.golang import buildinfo
from gobp.golang.buildinfo import BuildInfo, BuiltModule
from gobp.sbom.bill import Bill, ProgramFile, bill_of_programs
from gobp.sbom.licences import is_licence_name, licences_in
from gobp.system.fetch import sha256_of

_SECONDS = 120
_MOST_LICENCE = 1024 * 1024  # bytes
_PASSED_ON = ("PATH", "TMPDIR")
_OWN = {"HOME": "/nonexistent", "GOENV": "off", "GOTOOLCHAIN": "local", "GOTELEMETRY": "off"}


def read_programs(
    folder: Path, files: Sequence[str], env: Mapping[str, str]
) -> tuple[ProgramFile, ...]:
    """Return those of the files (paths in ``folder``) that are Go programs, sorted.

    ``env`` says where go is. A file that go cannot read is none.
    """
    variables = {name: env[name] for name in _PASSED_ON if name in env}
    try:
        done = subprocess.run(
            ["go", "version", "-m", "."],
            cwd=folder,
            env={**variables, **_OWN},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        infos = buildinfo.parse(done.stdout.decode("utf-8", "replace"))
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return ()
    wanted = set(files)
    found = {info.file: info for info in infos if info.file in wanted}
    return tuple(ProgramFile(found[name], sha256_of(folder / name)) for name in sorted(found))


def bill_of(subject: str, programs: Sequence[ProgramFile], source: Path) -> Bill:
    """Return what programs are made of; ``source`` has the licence of their own module."""
    return bill_of_programs(subject, programs, _Known(source, _own_module(programs)))


def hashes_of(programs: Sequence[ProgramFile]) -> dict[str, str]:
    """Return the hashes ``h1:...`` of all modules in programs, by ``path@version``."""
    built = [_built(each) for program in programs for each in _dependencies(program.info)]
    return {f"{each.path}@{each.version}": each.sum for each in built if each.sum}


class _Known:
    """Knows the licence of the module that is built, and of those in its vendor folder."""

    def __init__(self, source: Path, own: str) -> None:
        self._source = source
        self._own = own

    def licences(self, module: BuiltModule) -> tuple[str, ...]:
        """See gobp.sbom.bill.Modules."""
        own = module.path == self._own
        return _licences(self._source if own else self._source / "vendor" / module.path)

    def sum(self, module: BuiltModule) -> str:
        """Return what the program itself says."""
        return module.sum


def _own_module(programs: Sequence[ProgramFile]) -> str:
    return next((each.info.main.path for each in programs if each.info.main), "")


def _dependencies(info: BuildInfo) -> tuple[BuiltModule, ...]:
    return info.dependencies if info.main is None else (info.main, *info.dependencies)


def _built(module: BuiltModule) -> BuiltModule:
    return module.replaced_by or module


def _licences(folder: Path) -> tuple[str, ...]:
    """Return the licences in the files at the top of a folder that code of others may have made."""
    found: set[str] = set()
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 # a Path of its entries is not needed
    except OSError:
        return ()
    for name in filter(is_licence_name, names):
        found.update(licences_in(_text(folder / name)))
    return tuple(sorted(found))


def _text(path: Path) -> str:
    """Return the beginning of a file, "" for what is none: links lead anywhere."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        return file.read(_MOST_LICENCE).decode("utf-8", "replace")
