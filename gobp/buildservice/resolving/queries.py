"""What a ref asks for, by its form alone: ``latest``, ``v1.2.x``, ``v1.2.3``, a commit, a name."""

import re
from dataclasses import dataclass
from enum import StrEnum

from gobp.golang import semver

_NUMBER = r"(?:0|[1-9][0-9]{0,9})"
# A v or an x tells a part of a version from a name that is only a number.
_PREFIX = re.compile(rf"v?({_NUMBER}(?:\.{_NUMBER})?)\.[x*]|v({_NUMBER}(?:\.{_NUMBER})?)", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_DOTS_OF_A_VERSION = 2


class Asks(StrEnum):
    """What a ref may ask for."""

    LATEST = "latest"  # the highest version
    PREFIX = "prefix"  # the highest version that begins so
    VERSION = "version"  # this version
    COMMIT = "commit"  # this commit, in full
    NAME = "name"  # a tag, branch, or beginning of a commit


@dataclass(frozen=True, slots=True)
class Query:
    """A ref and what it asks for; ``prefix`` is "" but for PREFIX: v1 or v1.2."""

    ref: str
    asks: Asks
    prefix: str = ""

    @property
    def major(self) -> int | None:
        """The major version that it asks for, where it says that."""
        version = self.prefix or (self.ref if self.asks is Asks.VERSION else "")
        return int(semver.major(version)[1:]) if version else None

    def matches(self, version: str) -> bool:
        """Say whether a semantic version is one of those that LATEST or PREFIX choose from."""
        if self.asks is Asks.LATEST:
            return semver.is_valid(version)
        begins = version.startswith(f"{self.prefix}.")
        return self.asks is Asks.PREFIX and begins and semver.is_valid(version)


def parse_query(ref: str) -> Query:
    """Return what a ref asks for. ``1.x``, ``v1.x`` and ``v1`` are the same."""
    if ref == "latest":
        return Query(ref, Asks.LATEST)
    if match := _PREFIX.fullmatch(ref):
        return Query(ref, Asks.PREFIX, f"v{match[1] or match[2]}")
    core = ref.partition("-")[0].partition("+")[0]
    if semver.is_valid(ref) and core.count(".") == _DOTS_OF_A_VERSION:
        return Query(ref, Asks.VERSION)
    return Query(ref, Asks.COMMIT if _COMMIT.fullmatch(ref) else Asks.NAME)


def highest(query: Query, versions: list[str]) -> str | None:
    """Return the highest version that a LATEST or PREFIX query chooses; releases go first.

    None where there is none. As the go command: a prerelease only where there is no release
    (https://go.dev/ref/mod#version-queries).
    """
    matching = [version for version in versions if query.matches(version)]
    releases = [version for version in matching if "-" not in version]
    return max(releases or matching, key=semver.order, default=None)
