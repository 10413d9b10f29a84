"""The lock of the bundled interpreter: each Debian package, its version and its sha256."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gobp.errors import UserError

ARCHITECTURES = ("amd64", "arm64")
FORMAT = 1
_SIZE_LIMIT = 64 * 1024 * 1024  # bytes of one package
_POOL_FILE = re.compile(
    r"pool/(?:[A-Za-z0-9][A-Za-z0-9+.~_-]*/)+[A-Za-z0-9][A-Za-z0-9+.~_%-]*\.deb"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEAD = (
    "# The Debian packages of the bundled interpreter.\n"
    "# Written by `python -m release.runtime lock`; do not edit by hand.\n"
)


@dataclass(frozen=True, slots=True)
class PoolFile:
    """One package file: its path below the archive's root, its size in bytes, its sha256."""

    file: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if not _POOL_FILE.fullmatch(self.file):
            raise ValueError(f"{self.file!r} is no path of a .deb in an archive's pool")
        if not 0 < self.size <= _SIZE_LIMIT:
            raise ValueError(f"{self.size} bytes is no size of a package")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.sha256!r} is no sha256")

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.file.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Package:
    """A binary package of every architecture, and the source package it was built from."""

    name: str
    version: str
    source_name: str
    source_version: str
    files: Mapping[str, PoolFile]


@dataclass(frozen=True, slots=True)
class Lock:
    """All packages of the interpreter, in the order in which they are laid over one another."""

    suite: str
    archive_keyring: str
    python: str
    packages: tuple[Package, ...]


def read_lock(path: Path) -> Lock:
    """Read the lock file. Raises UserError."""
    return parse_lock(path.read_text(encoding="utf-8"), source=path.name)


def parse_lock(text: str, *, source: str) -> Lock:
    """Parse a lock. Raises UserError naming ``source`` where it is not one."""
    try:
        document = tomllib.loads(text)
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r} is not {FORMAT}")  # noqa: TRY301 # one place that words it
        return Lock(
            suite=str(document["suite"]),
            archive_keyring=str(document["archive_keyring"]),
            python=str(document["python"]),
            packages=tuple(_package(table) for table in document["package"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{source} is not a lock of the interpreter: {error}",
            remedy="restore it from git, or write it anew with `make runtime-lock`.",
        ) from error


def format_lock(lock: Lock) -> str:
    """Return the text of a lock; parse_lock reads it back."""
    head = (
        f"format = {FORMAT}\nsuite = {_quote(lock.suite)}\n"
        f"archive_keyring = {_quote(lock.archive_keyring)}\npython = {_quote(lock.python)}\n"
    )
    return "\n".join([_HEAD, head, *map(_format_package, lock.packages)])


def _package(table: dict[str, Any]) -> Package:
    return Package(
        name=str(table["name"]),
        version=str(table["version"]),
        source_name=str(table["source"]["name"]),
        source_version=str(table["source"]["version"]),
        files={name: PoolFile(**table[name]) for name in ARCHITECTURES},
    )


def _format_package(package: Package) -> str:
    source = f"name = {_quote(package.source_name)}, version = {_quote(package.source_version)}"
    lines = [
        "[[package]]",
        f"name = {_quote(package.name)}",
        f"version = {_quote(package.version)}",
        f"source = {{ {source} }}",
    ]
    for name in ARCHITECTURES:
        file = package.files[name]
        lines.append(
            f"{name} = {{ file = {_quote(file.file)}, size = {file.size}, "
            f"sha256 = {_quote(file.sha256)} }}"
        )
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
