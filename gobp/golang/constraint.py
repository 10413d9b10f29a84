"""Constraints on Go versions, as BP_GO_VERSION states them.

They mean what they mean in Paketo's Go buildpack (Masterminds/semver, after postal's reading of
``~>``); ``go1.25``, ``latest`` and an exact prerelease are accepted besides.
"""

import re
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang.version import GoVersion

ACCEPTED_FORMS = (
    "1.25",
    "1.25.*",
    "1.25.13",
    "~1.25.13",
    "^1.25",
    "~> 1.25",
    ">=1.25 <1.26",
    ">=1.25, !=1.25.13",
    "1.25 - 1.26",
    "1.25.* || 1.26.6",
    "1.27rc1",
    "go1.25",
    "latest",
    "*",
)

_OPERATOR = r"=>|>=|=<|<=|!=|~>|[=<>~^]"
_VERSION = r"[A-Za-z0-9.*]+"
_TERM = re.compile(rf"\s*({_OPERATOR})?\s*({_VERSION})(?=[\s,<>=!~^]|$)")
_SEPARATOR = re.compile(r"\s*,?\s*")
_HYPHEN_RANGE = re.compile(rf"({_VERSION})\s+-\s+({_VERSION})")
_NUMBERS = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){0,2}", re.ASCII)
_WILDCARDS = frozenset({"x", "X", "*"})
_SAME_OPERATOR = {"=>": ">=", "=<": "<=", None: "="}
_PARTS = 3

_Triple = tuple[int, int, int]
_START: _Triple = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Range:
    """Releases from ``low`` to below ``high`` (None: no end); all others if ``excluded``."""

    low: _Triple
    high: _Triple | None
    excluded: bool = False

    def allows(self, version: GoVersion) -> bool:
        if not version.is_release:
            return False
        triple = (version.major, version.minor, version.patch)
        within = self.low <= triple and (self.high is None or triple < self.high)
        return within != self.excluded


@dataclass(frozen=True, slots=True)
class _Exactly:
    """One prerelease."""

    version: GoVersion

    def allows(self, version: GoVersion) -> bool:
        return version == self.version


_Term = _Range | _Exactly


@dataclass(frozen=True, slots=True)
class Constraint:
    """Which Go versions are wanted: every term of at least one alternative must allow them.

    ``text`` is the constraint as a log shows it.
    """

    text: str
    alternatives: tuple[tuple[_Term, ...], ...]

    @classmethod
    def parse(cls, text: str, *, source: str) -> "Constraint":
        """Return the constraint in ``text``, which was found in ``source`` (for errors).

        Raises UserError, with the accepted forms, for a text that is none.
        """
        try:
            alternatives = tuple(_parse_alternative(part) for part in text.split("||"))
        except ValueError as error:
            raise UserError(
                f"{source}: {text!r} is not a constraint on Go versions",
                detail=f"{error}\naccepted are: {'   '.join(ACCEPTED_FORMS)}",
                remedy=f"write one of the accepted forms in {source}.",
            ) from None
        return cls(text.strip(), alternatives)

    def allows(self, version: GoVersion) -> bool:
        """Say whether the version is wanted; a prerelease is only when it is named exactly."""
        return any(all(term.allows(version) for term in terms) for terms in self.alternatives)

    def __str__(self) -> str:
        return self.text


def at_least_within_line(version: GoVersion) -> Constraint:
    """Return the constraint that go.mod's ``go`` line states: that version or a newer patch.

    A prerelease allows itself and the releases of its line.
    """
    low = (version.major, version.minor, max(version.patch, 0))
    next_line = (version.major, version.minor + 1, 0)
    alternatives: list[tuple[_Term, ...]] = [(_Range(low, next_line),)]
    if version.is_prerelease:
        alternatives.append((_Exactly(version),))
    text = f">= {version}, < {version.major}.{version.minor + 1}"
    return Constraint(text, tuple(alternatives))


def _parse_alternative(text: str) -> tuple[_Term, ...]:
    """Parse terms that hold together: ``>=1.25 <1.26``, commas optional. Raises ValueError."""
    rest = _HYPHEN_RANGE.sub(r">=\1 <=\2", text).strip()
    terms: list[_Term] = []
    position = 0
    while position < len(rest) or not terms:
        match = _TERM.match(rest, position)
        if match is None:
            raise ValueError(
                f"{rest[position:]!r} is not understood" if rest else "a version is missing"
            )
        operator, version = match.groups()
        terms.append(_parse_term(_SAME_OPERATOR.get(operator, operator), version))
        separator = _SEPARATOR.match(rest, match.end())
        position = separator.end() if separator else match.end()
    if rest.endswith(","):
        raise ValueError("nothing stands after the last comma")
    return tuple(terms)


def _parse_term(operator: str, text: str) -> _Term:
    """Return what ``operator`` and the version ``text`` allow. Raises ValueError."""
    bare = "*" if text == "latest" else re.sub(r"^(go|v)", "", text)
    while bare.rpartition(".")[2] in _WILDCARDS:
        bare = bare.rpartition(".")[0]
        if not bare:
            return _Range(_START, None, excluded=operator in {"!=", "<", ">"})
    if _NUMBERS.fullmatch(bare):
        return _range(operator, [int(number) for number in bare.split(".")])
    return _parse_prerelease(operator, text, bare)


def _parse_prerelease(operator: str, text: str, bare: str) -> _Exactly:
    try:
        version = GoVersion.parse(bare)
    except UserError:
        raise ValueError(f"{text!r} is not a version") from None
    if operator != "=" or not version.is_prerelease:
        raise ValueError(f"the prerelease {text!r} can only be asked for exactly")
    return _Exactly(version)


def _range(operator: str, parts: list[int]) -> _Range:
    """Return the releases that ``operator`` allows of a version of one to three numbers.

    An incomplete version stands for all that begin with its parts, so ``>1.25`` means >= 1.26.0.
    """
    if operator == "~>":  # as postal, the resolver of Paketo's buildpacks, reads it
        operator = "~" if len(parts) == _PARTS else "^"
    low, after = _triple(parts), _after(parts)
    bounds: dict[str, tuple[_Triple, _Triple | None]] = {
        "=": (low, after),
        "!=": (low, after),
        ">=": (low, None),
        ">": (after, None),
        "<": (_START, low),
        "<=": (_START, after),
        "~": (low, _after(parts[:2])),
        "^": (low, _after(parts[:1])),
    }
    return _Range(*bounds[operator], excluded=operator == "!=")


def _after(parts: list[int]) -> _Triple:
    """Return the first version beyond all that begin with ``parts``: 1.26.0 for 1.25."""
    return _triple([*parts[:-1], parts[-1] + 1])


def _triple(parts: list[int]) -> _Triple:
    major, minor, patch = [*parts, 0, 0][:_PARTS]
    return (major, minor, patch)
