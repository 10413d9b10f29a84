"""A dependency of buildpack.toml other than Go: found for an architecture, fetched and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.supply.mirrors import read_mirrors
from gobp.cnb import toml
from gobp.system.fetch import redacted

_SOURCE = "buildpack.toml"


@dataclass(frozen=True, slots=True)
class Dependency:
    """An entry of ``[[metadata.dependencies]]``; ``sha256`` (hex) is of the file at ``uri``."""

    id: str
    version: str
    architecture: str
    uri: str
    sha256: str


def dependency(
    metadata: Mapping[str, object], name: str, architecture: str, *, version: str = ""
) -> Dependency | None:
    """Return the dependency of a name for an architecture, None where buildpack.toml has none.

    Where it has several versions, ``version`` names the one that is meant.
    """
    for table in toml.get_tables(metadata, "dependencies", source=_SOURCE):
        wanted = version in {"", table.get("version")}
        if wanted and table.get("id") == name and table.get("arch") == architecture:
            checksum = toml.get_str(table, "checksum", source=_SOURCE)
            return Dependency(
                id=name,
                version=toml.get_str(table, "version", source=_SOURCE),
                architecture=architecture,
                uri=toml.get_str(table, "uri", source=_SOURCE),
                sha256=checksum.removeprefix("sha256:"),
            )
    return None


def location(wanted: Dependency, context: BuildContext) -> str:
    """Return where a dependency is fetched from: the package itself, a mapping, a mirror, its uri.

    Raises UserError on mirrors that cannot be read.
    """
    if wanted.uri.startswith("file:///"):  # a file in the package
        return f"file://{context.buildpack_dir}{wanted.uri.removeprefix('file://')}"
    mirrors = read_mirrors(context.env, context.facts.bindings)
    return mirrors.location(wanted.uri, wanted.sha256)


def deliver(wanted: Dependency, path: Path, context: BuildContext) -> None:
    """Write a dependency's file to ``path``, checked by its sha256.

    Raises NotAvailableError where it cannot be had, UserError where its checksum is wrong.
    """
    url = location(wanted, context)
    context.log.action(f"Downloading {redacted(url)}")
    context.host.fetcher.download(url, path, sha256=wanted.sha256)
