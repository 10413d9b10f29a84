"""What a fetched file must pass before it is published."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gobp.modproxy.protocol.requests import Kind, ModuleFile

ZipHash = Callable[[Path, ModuleFile], str]
"""Returns the h1: hash of a module zip; raises SourceError where it breaks the rules of zips."""


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
