"""Pseudo-versions: versions made of a time and a revision (https://go.dev/ref/mod#pseudo-versions)."""

import re
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang import semver

REVISION_DIGITS = 12  # of a commit's hash
_END = r"(?P<time>[0-9]{14})-(?P<revision>[A-Za-z0-9]+)(?P<build>\+incompatible)?"
_BY_ITSELF = re.compile(rf"(?P<major>v[0-9]+)\.0\.0-{_END}", re.ASCII)
_AFTER_A_VERSION = re.compile(
    rf"(?P<major>v[0-9]+)\.(?P<minor>[0-9]+)\.(?P<patch>[0-9]+)-(?:(?P<pre>[^+]+)\.)?0\.{_END}",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class PseudoVersion:
    """A version of a commit that has none.

    ``base`` is the version before it, "" if there is none; with ``+incompatible`` where that has
    it. ``time`` is the commit's, in UTC, as yyyymmddhhmmss; ``major`` is v0, v1 and so on.
    """

    major: str
    base: str
    time: str
    revision: str

    @classmethod
    def parse(cls, version: str) -> "PseudoVersion":
        """Return the parts of a pseudo-version.

        Raises UserError for any other version, and for one that no version can be before:
        v1.2.0-0, and v2.0.0 with +incompatible.
        """
        match = _match(version)
        base = _base(match) if match is not None else None
        if match is None or base is None:
            raise UserError(
                f"{version!r} is no pseudo-version",
                remedy="write one such as v0.0.0-20060102150405-abcdefabcdef.",
            )
        return cls(match["major"], base, match["time"], match["revision"])

    def __str__(self) -> str:
        end = f"{self.time}-{self.revision}"
        if not self.base:
            return f"{self.major}.0.0-{end}"
        base = self.base.removesuffix(semver.INCOMPATIBLE)
        build = self.base[len(base) :]
        if "-" in base:
            return f"{base}.0.{end}{build}"
        numbers, _, patch = base.rpartition(".")
        return f"{numbers}.{int(patch) + 1}-0.{end}{build}"


def is_pseudo_version(version: str) -> bool:
    """Say whether a version has the form of a pseudo-version; it may be a wrong one."""
    return _match(version) is not None


def _match(version: str) -> re.Match[str] | None:
    if not semver.is_valid(version):
        return None
    return _BY_ITSELF.fullmatch(version) or _AFTER_A_VERSION.fullmatch(version)


def _base(match: re.Match[str]) -> str | None:
    """Return the version before, "" for a pseudo-version by itself, None if there can be none."""
    build = match["build"] or ""
    if match.re is _BY_ITSELF:
        return None if build else ""
    numbers = f"{match['major']}.{match['minor']}"
    if match["pre"]:
        return f"{numbers}.{match['patch']}-{match['pre']}{build}"
    patch = int(match["patch"])
    return f"{numbers}.{patch - 1}{build}" if patch else None
