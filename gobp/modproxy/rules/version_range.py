"""Ranges of module versions, as rules have them: ``>= v1.2.0, < v2.0.0``.

Versions are compared as semver has it (https://semver.org/#spec-item-11), pseudo-versions and
prereleases as well: v1.3.0-rc.1 is within ``< v1.3.0``. What is no whole version, as v1.2 or
v1.2.x, stands for all that begin so, their prereleases too.
"""

import re
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang import semver

_FORMS = (
    ">= v1.2.0, < v2.0.0",
    "v1.2.x",
    "^v1.2.3",
    "~v1.2.3",
    "= v1.2.3",
    "!= v1.2.3",
    "v1 || v3",
)
_TERM = re.compile(r"\s*(>=|>|<=|<|!=|=|\^|~)?\s*(v?[A-Za-z0-9.+*-]+)\s*,?", re.ASCII)
_BLOCK = re.compile(r"v((?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?)", re.ASCII)
_ALL = frozenset({"*", "x", "vx", "v*"})

_Bound = tuple[object, ...]
_END: _Bound = (float("inf"),)


@dataclass(frozen=True, slots=True)
class _Interval:
    """The versions whose order is from ``low`` to before ``after``, or all others."""

    low: _Bound
    after: _Bound
    excluded: bool = False

    def allows(self, order: _Bound) -> bool:
        return (self.low <= order < self.after) != self.excluded


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Versions for which all terms of one alternative hold."""

    text: str
    _alternatives: tuple[tuple[_Interval, ...], ...]

    @classmethod
    def parse(cls, text: str, *, source: str) -> "VersionRange":
        """Return the range in a text. Raises UserError, which names ``source``."""
        try:
            alternatives = tuple(_terms(part) for part in text.split("||"))
        except ValueError as error:
            raise UserError(
                f"{source}: {text!r} is no range of versions: {error}",
                detail=f"accepted are: {_FORMS}",
                remedy="write one of the accepted forms, or nothing for all versions.",
            ) from None
        return cls(text, alternatives)

    def allows(self, version: str) -> bool:
        """Say whether a canonical version is in the range."""
        order = semver.order(version)
        return any(all(term.allows(order) for term in terms) for terms in self._alternatives)


def _terms(text: str) -> tuple[_Interval, ...]:
    """Return terms that hold together, with blanks or commas between them. Raises ValueError."""
    terms: list[_Interval] = []
    rest = text.strip()
    if not rest or rest.endswith(","):
        raise ValueError("a version is missing")
    while rest:
        match = _TERM.match(rest)
        if match is None:
            raise ValueError(f"{rest!r} is not understood")
        terms.append(_interval(match[1] or "=", match[2]))
        rest = rest[match.end() :].strip()
    return tuple(terms)


def _interval(operator: str, version: str) -> _Interval:
    """Return what an operator and a version allow. Raises ValueError."""
    low, after = _block(version)
    bounds: dict[str, tuple[_Bound, _Bound]] = {
        "=": (low, after),
        "!=": (low, after),
        ">=": (low, _END),
        ">": (after, _END),
        "<": ((), low),
        "<=": ((), after),
        "^": (low, _next_incompatible("^", low)),
        "~": (low, _next_incompatible("~", low)),
    }
    return _Interval(*bounds[operator], excluded=operator == "!=")


def _block(version: str) -> tuple[_Bound, _Bound]:
    """Return the first version, and the first after those, that a version or its part stands for.

    Bounds are prefixes of ``semver.order``: (1, 2) is before all of v1.2, (1, 3) after them.
    """
    if version in _ALL:
        return (), _END
    if semver.canonical(version) == version:
        order = semver.order(version)
        return order, (*order, 0)  # nothing is between a version and this
    part = re.sub(r"(?:\.[xX*])+\Z", "", version)
    match = _BLOCK.fullmatch(part)
    if match is None:
        raise ValueError(f"{version!r} is no version such as v1.2.3, nor v1.2.x or v1.2")
    numbers = tuple(int(number) for number in match[1].split("."))
    return numbers, (*numbers[:-1], numbers[-1] + 1)


def _next_incompatible(operator: str, low: _Bound) -> _Bound:
    """Return the first version that ``~`` (the next minor) or ``^`` (the next major) leaves out.

    Before v1 each minor version, and before v0.1 each patch, may break what was.
    """
    numbers = [number for number in low[:3] if isinstance(number, int)]
    if not numbers:
        return _END
    length = min(2, len(numbers))
    if operator == "^":
        nonzero = (place for place, number in enumerate(numbers) if number)
        length = next(nonzero, len(numbers) - 1) + 1
    return (*numbers[: length - 1], numbers[length - 1] + 1)
