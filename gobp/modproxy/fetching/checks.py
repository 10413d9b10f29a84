"""What a fetched file must pass before it is published."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gobp.golang import semver
from gobp.golang.dirhash import go_mod_hash
from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.sources.source import UnavailableError

ZipHash = Callable[[Path, ModuleFile], str]
"""Returns the h1: hash of a module zip; raises SourceError where it breaks the rules of zips."""

Pins = list[tuple[ModuleFile, str]]
"""Hashes of files that must not change, in the order in which they are noted."""

_MODULE_LINE = re.compile(rb"^[ \t]*module\b", re.MULTILINE)


class Notary(Protocol):
    """Knows what the hashes of public modules must be."""

    def foresee(self, module: str, version: str) -> None:
        """Begin to find the hashes of a version that will be asked for soon."""
        ...

    async def check(self, module: str, version: str, kind: Kind, h1: str, /) -> bool:
        """Raise SourceError where a .zip or .mod is known to have another hash (``h1:...``).

        Return whether it is known to have this one; False: nothing is known of it.
        """
        ...


class NoNotary:
    """Believes every hash: no checksum database is used."""

    def foresee(self, module: str, version: str) -> None:
        """See Notary.foresee."""

    async def check(self, *_: object) -> bool:
        """See Notary.check."""
        return False


def check_info(file: ModuleFile, info: VersionInfo) -> None:
    """Raise UnavailableError unless an info is that of the version that was asked for."""
    if info.version != file.version:
        raise UnavailableError(
            f"asked for {file.module}@{file.version}, the source answered with {info.version}"
        )


def mod_hash(path: Path, file: ModuleFile) -> str:
    """Return the h1: hash of a go.mod file.

    Raises UnavailableError for what is none, as a page of some other server. Whose go.mod it is,
    and whether it has errors, is for the go command to say.
    """
    content = path.read_bytes()
    if not _MODULE_LINE.search(content):
        raise UnavailableError(f"{file}: the source answered with what is no go.mod file")
    return go_mod_hash(content)


def pins_of_private_zip(file: ModuleFile, path: Path, h1: str) -> Pins:
    """Return the hashes to note of a zip that nobody else knows: of its go.mod file, then its own.

    The .mod file may come from upstream at another time than the zip, and the version be tagged
    again in between. The two are the same file (https://go.dev/ref/mod#goproxy-protocol), but for
    +incompatible versions, whose .mod file is made up.
    """
    pins = [(file, h1)]
    if file.version.endswith(semver.INCOMPATIBLE):
        return pins
    with zipfile.ZipFile(path) as archive:
        name = f"{file.module}@{file.version}/go.mod"
        if name in archive.namelist():
            with archive.open(name) as content:
                mod = ModuleFile(file.module, file.version, Kind.MOD)
                pins.insert(0, (mod, go_mod_hash(content.read(MOST_GO_MOD_BYTES))))
    return pins
