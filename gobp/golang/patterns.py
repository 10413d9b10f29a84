"""Patterns of module paths, as GOPRIVATE and its like have them (https://go.dev/ref/mod#private-modules).

A list has commas between its patterns; each is matched, as Go's path.Match does, with as many
elements of a module path, from its beginning, as the pattern has: corp.example/* is for
corp.example/team/app too. ``*`` and ``?`` stand for no slash.
"""

import re
from dataclasses import dataclass

from gobp.errors import UserError

_END_OF_ELEMENT = r"(?=/|\Z)"
_ANY = frozenset({"*", "**"})


@dataclass(frozen=True, slots=True)
class ModulePatterns:
    """A list of patterns; ``text`` is how it was written, ``match_all``: for every module."""

    text: str
    match_all: bool
    _expression: re.Pattern[str] | None

    @classmethod
    def parse(cls, text: str, *, source: str) -> "ModulePatterns":
        """Return the patterns of a list; an empty one matches nothing.

        Blanks round commas mean nothing. Raises UserError, which names ``source``, for a pattern
        that is none: Go would pass over it without a word.
        """
        globs = [part.strip().rstrip("/") for part in text.split(",")]
        globs = [glob for glob in globs if glob]
        expressions = [_expression(glob, source) for glob in globs]
        if not expressions:
            return cls(text, match_all=False, _expression=None)
        pattern = re.compile(f"(?:{'|'.join(expressions)}){_END_OF_ELEMENT}")
        return cls(text, match_all=not _ANY.isdisjoint(globs), _expression=pattern)

    def __bool__(self) -> bool:
        """Say whether there is any pattern."""
        return self._expression is not None

    def match(self, module: str) -> bool:
        """Say whether a pattern matches a module path (which is not escaped)."""
        if self.match_all:
            return True
        return self._expression is not None and self._expression.match(module) is not None


def _expression(glob: str, source: str) -> str:
    """Return the regular expression of one pattern.

    What stands between two stars is looked for once (an atomic group), not tried at every place
    again: as no part can match a slash that is not its own, its first place serves as well.
    """
    first, *others = _parts(glob, source)
    if not others:
        return first
    *middle, last = others
    return "".join([first, *(f"(?>[^/]*?{part})" for part in middle), f"[^/]*{last}"])


def _parts(glob: str, source: str) -> list[str]:
    """Return the expressions of what is before, between and after the stars of a pattern."""
    parts = [""]
    position = 0
    while position < len(glob):
        character = glob[position]
        if character == "*":
            parts.append("")
            position += 1
        elif character == "?":
            parts[-1] += "[^/]"
            position += 1
        elif character == "[":
            expression, position = _class(glob, position, source)
            parts[-1] += expression
        else:
            literal, position = _literal(glob, position, source)
            parts[-1] += re.escape(literal)
    return parts


def _class(glob: str, position: int, source: str) -> tuple[str, int]:
    """Return the expression of a class ``[a-z]`` or ``[^a-z]``, and where the pattern goes on."""
    position += 1
    negated = glob[position : position + 1] == "^"
    position += negated
    ranges = ""
    while not (ranges and glob[position : position + 1] == "]"):
        low, position = _of_class(glob, position, source)
        high = low
        if glob[position : position + 1] == "-":
            high, position = _of_class(glob, position + 1, source)
        if low > high:
            raise _bad_pattern(glob, f"nothing is from {low} to {high}", source)
        ranges += f"{re.escape(low)}-{re.escape(high)}"
    return f"(?!/)[{'^' if negated else ''}{ranges}]", position + 1


def _of_class(glob: str, position: int, source: str) -> tuple[str, int]:
    if glob[position : position + 1] in {"", "-", "]"}:
        raise _bad_pattern(glob, "a class [...] is not whole", source)
    character, position = _literal(glob, position, source)
    if character == "/":
        raise _bad_pattern(glob, "a class [...] cannot hold a slash", source)
    return character, position


def _literal(glob: str, position: int, source: str) -> tuple[str, int]:
    """Return a character, which may stand behind a backslash, and where the pattern goes on."""
    if glob[position] != "\\":
        return glob[position], position + 1
    if position + 1 == len(glob):
        raise _bad_pattern(glob, "nothing follows its backslash", source)
    return glob[position + 1], position + 2


def _bad_pattern(glob: str, reason: str, source: str) -> UserError:
    return UserError(
        f"{source}: {glob!r} is no pattern of module paths: {reason}",
        remedy="write patterns as in GOPRIVATE: corp.example/*,github.com/corp.",
    )
