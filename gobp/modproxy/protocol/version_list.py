"""The list file of a module, and the latest of its versions.

See https://go.dev/ref/mod#goproxy-protocol and https://go.dev/ref/mod#version-queries.
"""

from collections.abc import Iterable

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.module import unescape_version
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.protocol.requests import is_canonical


def parse_version_list(module: str, content: bytes) -> tuple[str, ...]:
    """Return the tagged versions in a list file, in their order.

    Junk lines, pseudo-versions and versions that do not fit the module's path are left out; what
    follows a version on its line is passed over, as the go command does.
    """
    lines = content.decode("utf-8", "replace").splitlines()
    words = (line.split()[0] for line in lines if line.strip())
    return in_order(
        word for word in words if is_canonical(module, word) and not is_pseudo_version(word)
    )


def format_version_list(versions: Iterable[str]) -> bytes:
    """Return the list file of versions."""
    return "".join(f"{version}\n" for version in in_order(versions)).encode()


def versions_of_files(module: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the versions, by precedence, that files of these names tell of: V.info and V.mod.

    What a version is called is all that counts, so pseudo-versions are among them.
    """
    stems = {name.rpartition(".")[0] for name in names if name.endswith((".info", ".mod"))}
    versions = (_unescaped(stem) for stem in stems)
    return in_order(version for version in versions if is_canonical(module, version))


def in_order(versions: Iterable[str]) -> tuple[str, ...]:
    """Return the versions, each once, by precedence."""
    return tuple(sorted(set(versions), key=lambda version: (semver.order(version), version)))


def latest_of(versions: Iterable[str]) -> str:
    """Return the version a go command prefers: the highest release, else the highest, else ""."""
    ordered = in_order(versions)
    releases = [version for version in ordered if not _is_prerelease(version)]
    compatible = [version for version in releases if not version.endswith(semver.INCOMPATIBLE)]
    for choice in (compatible, releases, ordered):
        if choice:
            return choice[-1]
    return ""


def _unescaped(stem: str) -> str:
    try:
        return unescape_version(stem)
    except UserError:
        return ""


def _is_prerelease(version: str) -> bool:
    return "-" in version.removesuffix(semver.INCOMPATIBLE)
