"""Go's own versions, such as 1.26.8 or 1.27rc1, and their order, which is not semver's."""

import re
from dataclasses import dataclass, field

from gobp.errors import UserError

_NUMBER = r"(0|[1-9][0-9]{0,17})"
_VERSION = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}|([a-z]+)({_NUMBER})?)?)?", re.ASCII)

# Since this line "1.21" is a language version below all of its releases; before it, "1.20" was
# the name of the release 1.20.0 (https://go.dev/doc/toolchain#version).
_FIRST_LINE_WITH_LANGUAGE_VERSIONS = 21
_UNSET = -1


@dataclass(frozen=True, slots=True, order=True)
class GoVersion:
    """A Go version in the order of Go's toolchain: 1.21 < 1.21rc1 < 1.21.0, and 1.20 == 1.20.0.

    ``patch`` and ``prerelease_number`` are -1 where the version has none. ``text`` is how the
    version was written, without ``go``; it takes no part in comparisons.
    """

    major: int
    minor: int
    patch: int
    prerelease_kind: str
    prerelease_number: int
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: str, *, source: str = "") -> "GoVersion":
        """Return the version that ``text`` names, with or without the prefix ``go``.

        ``source`` says in an error where the text was found. Raises UserError for any other text.
        """
        bare = text.removeprefix("go")
        match = _VERSION.fullmatch(bare)
        if match is None:
            found_in = f"{source}: " if source else ""
            raise UserError(
                f"{found_in}{text!r} is not a Go version",
                remedy="write a version such as 1.26, 1.26.8 or 1.27rc1.",
            )
        major, minor, patch, kind, number = match.group(1, 2, 3, 4, 5)
        if kind is None and patch is None and _names_a_release(minor):
            patch = "0"
        return cls(
            major=int(major),
            minor=int(minor or 0),
            patch=int(patch or _UNSET),
            prerelease_kind=kind or "",
            prerelease_number=int(number or _UNSET),
            text=bare,
        )

    @property
    def line(self) -> str:
        """The minor line the version belongs to, such as 1.26."""
        return f"{self.major}.{self.minor}"

    @property
    def is_release(self) -> bool:
        """Whether this is a release, and not a prerelease or only a version of the language."""
        return self.patch != _UNSET

    @property
    def is_prerelease(self) -> bool:
        """Whether this is a beta, a release candidate or the like."""
        return self.prerelease_kind != ""

    def __str__(self) -> str:
        return self.text


def _names_a_release(minor: str | None) -> bool:
    """Say whether a version without a patch is a release: "1" (that is 1.0.0), "1.20"."""
    return minor is None or int(minor) < _FIRST_LINE_WITH_LANGUAGE_VERSIONS
