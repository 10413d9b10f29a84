"""What a path of the protocol asks for (https://go.dev/ref/mod#goproxy-protocol)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.module import (
    check_version_fits,
    escape_path,
    escape_version,
    unescape_path,
    unescape_version,
)

CACHED_ONLY = "cached-only/"
_MOST_CHARACTERS = 2048
_LONGEST_ELEMENT = 240  # file systems allow 255
_ALLOWED = re.compile(r"[\x21-\x5b\x5d-\x7e]+", re.ASCII)
_SUMDB = re.compile(
    r"sumdb/(?P<database>[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~-]+)*?)"
    r"/(?P<file>supported|latest|lookup/.+|tile/[0-9]+/(?:[0-9]+|data)/[x0-9/]+(?:\.p/[0-9]+)?)",
    re.ASCII,
)
_NEVER_A_QUERY = frozenset({"latest", "upgrade", "patch"})


class NotOfTheProtocolError(ValueError):
    """No file of the protocol can have this path; the text says why."""


class Kind(StrEnum):
    """The three files of a module version."""

    INFO = "info"
    MOD = "mod"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """One file of a module at a canonical version; module and version are not escaped."""

    module: str
    version: str
    kind: Kind

    @property
    def path(self) -> str:
        """Its path below the root of a module tree, and in a URL."""
        return f"{version_folder(self.module)}/{escape_version(self.version)}.{self.kind}"

    def __str__(self) -> str:
        return f"{self.module}@{self.version} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Query:
    """The .info of what is no canonical version: a branch, a revision, v1 or v1.2."""

    module: str
    query: str

    @property
    def path(self) -> str:
        """Its path in a URL."""
        return f"{version_folder(self.module)}/{escape_version(self.query)}.{Kind.INFO}"


@dataclass(frozen=True, slots=True)
class VersionList:
    """The tagged versions of a module."""

    module: str

    @property
    def path(self) -> str:
        """Its path below the root of a module tree, and in a URL."""
        return f"{version_folder(self.module)}/list"


@dataclass(frozen=True, slots=True)
class Latest:
    """The version that a go command takes where none is asked for."""

    module: str

    @property
    def path(self) -> str:
        """Its path in a URL."""
        return f"{escape_path(self.module)}/@latest"


@dataclass(frozen=True, slots=True)
class SumdbFile:
    """A file of a checksum database; ``file`` is ``supported``, ``latest``, lookup or tile."""

    database: str
    file: str

    @property
    def path(self) -> str:
        """Its path below the root of a module tree, and in a URL."""
        return f"sumdb/{self.database}/{self.file}"

    @property
    def looked_up(self) -> tuple[str, str] | None:
        """The module and version that are looked up, not escaped; None for other files."""
        if not self.file.startswith("lookup/"):
            return None
        module, _, version = self.file.removeprefix("lookup/").partition("@")
        return unescape_path(module), unescape_version(version)


Request = ModuleFile | Query | VersionList | Latest | SumdbFile


def parse_request(path: str) -> Request:
    """Return what is asked for by a path, decoded and without the base path and leading slash.

    Raises NotOfTheProtocolError for all that no go command would ask for: it is answered 404.
    """
    _check_characters(path)
    if path.startswith("sumdb/"):
        return _sumdb_file(path)
    if path.endswith("/@latest"):
        return Latest(_module(path.removesuffix("/@latest")))
    escaped, at_v, name = path.rpartition("/@v/")
    if not at_v:
        raise NotOfTheProtocolError("it has neither /@v/ nor /@latest in it")
    if name == "list":
        return VersionList(_module(escaped))
    version, _, extension = name.rpartition(".")
    if extension not in set(Kind) or not version:
        raise NotOfTheProtocolError("its end is none of list, .info, .mod and .zip")
    return _of_version(_module(escaped), _version(version), Kind(extension))


def version_folder(module: str) -> str:
    """Return the folder of a module's versions below the root of a tree, and in a URL."""
    return f"{escape_path(module)}/@v"


def is_canonical(module: str, version: str) -> bool:
    """Say whether a module can have files at this version, rather than it being a query."""
    if not semver.is_valid(version) or semver.canonical(version) != version:
        return False
    try:
        check_version_fits(module, version)
    except UserError:
        return False
    return True


def _check_characters(path: str) -> None:
    if len(path) > _MOST_CHARACTERS:
        raise NotOfTheProtocolError("it is too long")
    if not _ALLOWED.fullmatch(path):
        raise NotOfTheProtocolError("it has a character that no module path or version has")
    if any(element in {"", ".", ".."} for element in path.split("/")):
        raise NotOfTheProtocolError("it has an empty element, or one that is . or ..")
    if any(len(element) > _LONGEST_ELEMENT for element in path.split("/")):
        raise NotOfTheProtocolError("one of its elements is too long for the name of a file")


def _sumdb_file(path: str) -> SumdbFile:
    match = _SUMDB.fullmatch(path)
    if match is None:
        raise NotOfTheProtocolError("it is no file of a checksum database")
    file = match["file"]
    if file.startswith("lookup/"):
        module, at, version = file.removeprefix("lookup/").partition("@")
        if not at:
            raise NotOfTheProtocolError("a lookup has the form lookup/MODULE@VERSION")
        _module(module)
        _version(version)
    return SumdbFile(match["database"], file)


def _module(escaped: str) -> str:
    try:
        return unescape_path(escaped)
    except UserError as error:
        raise NotOfTheProtocolError(error.summary) from None


def _version(escaped: str) -> str:
    try:
        return unescape_version(escaped)
    except UserError as error:
        raise NotOfTheProtocolError(error.summary) from None


def _of_version(module: str, version: str, kind: Kind) -> ModuleFile | Query:
    if is_canonical(module, version):
        return ModuleFile(module, version, kind)
    if kind is not Kind.INFO:
        raise NotOfTheProtocolError(f"{version} is no canonical version of {module}")
    if version in _NEVER_A_QUERY:
        raise NotOfTheProtocolError(f"{version} is asked for as @latest or computed from the list")
    return Query(module, version)
