"""The Go releases that this buildpack knows: ``[[metadata.dependencies]]`` of buildpack.toml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gobp.cnb import toml
from gobp.golang.constraint import Constraint
from gobp.golang.version import GoVersion

_SOURCE = "buildpack.toml"


@dataclass(frozen=True, slots=True)
class Release:
    """A Go distribution for one architecture.

    ``uri`` and ``sha256`` (hex) are the official archive's; either may be empty where it is not
    known. ``module_hash`` is the ``h1:`` hash that the checksum database records for the same
    distribution as module ``golang.org/toolchain``, empty where it is yet to be looked up.
    """

    version: GoVersion
    architecture: str
    uri: str = ""
    sha256: str = ""
    module_hash: str = ""


def releases(metadata: Mapping[str, object], architecture: str) -> tuple[Release, ...]:
    """Return the releases for an architecture (``amd64``, ``arm64``)."""
    tables = toml.get_tables(metadata, "dependencies", source=_SOURCE)
    return tuple(
        _release(table)
        for table in tables
        if table.get("id") == "go" and table.get("arch", architecture) == architecture
    )


def _release(table: Mapping[str, object]) -> Release:
    checksum = toml.get_str(table, "checksum", source=_SOURCE)
    algorithm, _, digest = checksum.partition(":")
    return Release(
        version=GoVersion.parse(toml.get_str(table, "version", source=_SOURCE)),
        architecture=toml.get_str(table, "arch", source=_SOURCE),
        uri=toml.get_str(table, "uri", source=_SOURCE),
        sha256=digest if algorithm == "sha256" else "",
        module_hash=toml.get_str(table, "module-hash", source=_SOURCE),
    )


def default_version(metadata: Mapping[str, object]) -> str:
    """Return the constraint to follow where nothing names one."""
    defaults = metadata.get("default-versions", {})
    if not isinstance(defaults, Mapping):
        return "*"
    return toml.get_str(defaults, "go", source=_SOURCE, default="*")


def newest(known: Iterable[Release], constraint: Constraint) -> Release | None:
    """Return the newest release that a constraint allows."""
    allowed = [release for release in known if constraint.allows(release.version)]
    return max(allowed, key=lambda release: release.version, default=None)
