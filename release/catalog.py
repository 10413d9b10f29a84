"""Renews the Go releases in buildpack.toml: ``python -m release.catalog``.

Dependencies other than Go stay as they are. Versions come from the module proxy's list of
``golang.org/toolchain``, hashes from the checksum database (verified); sha256 sums of the official
archives are kept from what is there already.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from gobp.buildpack.go_dist.catalog import Release, releases
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule, proxies
from gobp.cnb import toml
from gobp.golang.version import GoVersion
from gobp.system.fetch import HttpFetcher, NotAvailableError

MARK = "# ---- [metadata]"
OLDEST = GoVersion.parse("1.21.0")
ARCHITECTURES = ("amd64", "arm64")
_PATCHES = 4  # of the newest lines; the newest patch alone of those before
_NEWEST_LINES = 2


def main() -> None:
    """Rewrite what stands below the mark in buildpack.toml."""
    path = Path("buildpack.toml")
    text = path.read_text(encoding="utf-8")
    metadata = toml.get_table(toml.loads(text, source=str(path)), "metadata", source=str(path))
    path.write_text(rewritten(text, _renewed(metadata)), encoding="utf-8")


def rewritten(text: str, known: Iterable[Release]) -> str:
    """Return buildpack.toml's text with these releases of Go, and the other dependencies kept."""
    source = "buildpack.toml"
    head, _, _ = text.partition(MARK)
    metadata = toml.get_table(toml.loads(text, source=source), "metadata", source=source)
    tables = toml.get_tables(metadata, "dependencies", source=source)
    others = [table for table in tables if table["id"] != "go"]
    written = [_table(each) for each in (*map(_release_table, known), *others)]
    return f"{head}{_MARK_LINES}\n" + "\n".join(written)


_MARK_LINES = f"""{MARK}: written by `python -m release.catalog`, newest releases first ----
[metadata.default-versions]
go = "*"
"""


def _renewed(metadata: Mapping[str, object]) -> list[Release]:
    goproxy = subprocess.run(
        ("go", "env", "GOPROXY"), capture_output=True, text=True, check=True
    ).stdout.strip()
    gosumdb = os.environ.get("GOSUMDB", "")
    module = ToolchainModule(HttpFetcher(os.environ), proxies(goproxy), gosumdb)
    sums = {
        (release.version, release.architecture): release.sha256
        for architecture in ARCHITECTURES
        for release in releases(metadata, architecture)
    }
    renewed = []
    for version in _chosen(module.versions(ARCHITECTURES[0])):
        print(f"Go {version}", file=sys.stderr)
        try:
            renewed += [_release(module, version, each, sums) for each in ARCHITECTURES]
        except NotAvailableError as error:
            print(f"  left out: {error.summary}", file=sys.stderr)
    return renewed


def _release(
    module: ToolchainModule,
    version: GoVersion,
    architecture: str,
    sums: Mapping[tuple[GoVersion, str], str],
) -> Release:
    """Return a release with at least one of its two hashes. Raises NotAvailableError."""
    sha256 = sums.get((version, architecture), "")
    try:
        module_hash = module.module_hash(Release(version, architecture))
    except NotAvailableError:
        if not sha256:
            raise
        module_hash = ""
    uri = f"https://go.dev/dl/go{version}.linux-{architecture}.tar.gz"
    return Release(version, architecture, uri, sha256, module_hash)


def _chosen(versions: tuple[GoVersion, ...]) -> list[GoVersion]:
    by_line: dict[str, list[GoVersion]] = defaultdict(list)
    for version in sorted(versions, reverse=True):
        if version.is_release and version >= OLDEST:
            by_line[version.line].append(version)
    chosen = []
    for position, line in enumerate(by_line.values()):
        chosen.extend(line[: _PATCHES if position < _NEWEST_LINES else 1])
    return chosen


def _release_table(release: Release) -> Mapping[str, object]:
    return {
        "id": "go",
        "version": str(release.version),
        "os": "linux",
        "arch": release.architecture,
        "uri": release.uri,
        "checksum": f"sha256:{release.sha256}" if release.sha256 else "",
        "module-hash": release.module_hash,
        "purl": f"pkg:generic/go@{release.version}",
    }


def _table(lines: Mapping[str, object]) -> str:
    rows = [f"{key} = {toml.quoted(str(value))}" for key, value in lines.items() if value]
    return "\n".join(["[[metadata.dependencies]]", *rows, ""])


if __name__ == "__main__":
    main()
