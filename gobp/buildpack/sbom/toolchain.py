"""The bill of Go itself, which compiled the programs and has put its standard library into them."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.sbom.go_layer import GO_LAYER, place_of_go
from gobp.cnb import toml
from gobp.golang.buildinfo import release_of
from gobp.sbom.bill import Archive, Bill, bill_of_toolchain

_GO = "go"  # id of its dependency
_SOURCE = "buildpack.toml"


def toolchain_bill(context: BuildContext, go_version: str) -> Bill:
    """Return the bill of the Go of a printed version, with what buildpack.toml knows of it.

    That is where its archive is published and its hashes, which were checked if it was installed;
    where the Go of a build image is from, nobody knows.
    """
    version = release_of(go_version)
    if place_of_go(context) == GO_LAYER:
        for table in toml.get_tables(context.metadata, "dependencies", source=_SOURCE):
            if _is_release(table, version, context.host.architecture):
                return bill_of_toolchain(
                    GO_LAYER,
                    version,
                    h1=toml.get_str(table, "module-hash", source=_SOURCE),
                    archive=_archive(table),
                )
    return bill_of_toolchain(GO_LAYER, version)


def _is_release(table: dict[str, object], version: str, architecture: str) -> bool:
    known = (table.get("id"), table.get("version"), table.get("arch"))
    return known == (_GO, version, architecture)


def _archive(table: dict[str, object]) -> Archive | None:
    url = toml.get_str(table, "uri", source=_SOURCE)
    if not url.startswith("https://"):  # a file in the package
        return None
    checksum = toml.get_str(table, "checksum", source=_SOURCE)
    return Archive(url, checksum.removeprefix("sha256:"))
