"""What a fetched file must pass before it is published."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gobp.golang.dirhash import go_mod_hash
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.sources.source import UnavailableError

ZipHash = Callable[[Path, ModuleFile], str]
"""Returns the h1: hash of a module zip; raises SourceError where it breaks the rules of zips."""

_MODULE_LINE = re.compile(rb"^[ \t]*module\b", re.MULTILINE)


class Notary(Protocol):
    """Knows what the hashes of public modules must be."""

    def foresee(self, module: str, version: str) -> None:
        """Begin to find the hashes of a version that will be asked for soon."""
        ...

    async def check(self, module: str, version: str, kind: Kind, h1: str) -> None:
        """Raise SourceError unless a .zip or .mod has the hash (``h1:...``) that is known of it."""
        ...


class NoNotary:
    """Believes every hash: no checksum database is used."""

    def foresee(self, module: str, version: str) -> None:
        """See Notary.foresee."""

    async def check(self, module: str, version: str, kind: Kind, h1: str) -> None:
        """See Notary.check."""


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
