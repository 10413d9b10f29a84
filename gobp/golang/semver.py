"""Semantic versions of modules, as Go writes them: v1.2.3, v2.0.0-rc.1+incompatible."""

import re

_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRERELEASE_PART = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"v(?P<major>{_NUMBER})"
    rf"(?:\.(?P<minor>{_NUMBER})(?:\.(?P<patch>{_NUMBER})"
    rf"(?P<prerelease>-{_PRERELEASE_PART}(?:\.{_PRERELEASE_PART})*)?"
    r"(?P<build>\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?)?",
    re.ASCII,
)
INCOMPATIBLE = "+incompatible"


def is_valid(version: str) -> bool:
    """Say whether ``version`` is a semantic version with ``v``; v1 and v1.2 are short forms."""
    return _VERSION.fullmatch(version) is not None


def canonical(version: str) -> str:
    """Return the version in full (v1 is v1.0.0), or "" if it is none.

    Build metadata is dropped but for ``+incompatible``, as in a go.mod file
    (https://go.dev/ref/mod#versions).
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        return ""
    numbers = f"v{match['major']}.{match['minor'] or 0}.{match['patch'] or 0}"
    kept = INCOMPATIBLE if match["build"] == INCOMPATIBLE else ""
    return f"{numbers}{match['prerelease'] or ''}{kept}"


def major(version: str) -> str:
    """Return the major version with its ``v``, or "" if ``version`` is no version."""
    match = _VERSION.fullmatch(version)
    return f"v{match['major']}" if match else ""


def order(version: str) -> tuple[object, ...]:
    """Return what sorts versions by their precedence; what is no version comes before all.

    Build metadata counts nothing (https://semver.org/#spec-item-11).
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        return (-1,)
    numbers = tuple(int(match[part] or 0) for part in ("major", "minor", "patch"))
    prerelease = (match["prerelease"] or "").removeprefix("-")
    if not prerelease:
        return (*numbers, 1)
    return (*numbers, 0, tuple(_identifier(part) for part in prerelease.split(".")))


def _identifier(text: str) -> tuple[int, int, str]:
    """Return what sorts an identifier of a prerelease: numbers by value, and before all words."""
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)
