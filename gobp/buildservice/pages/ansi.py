"""Colours that programs write into their output, for HTML.

ECMA-48 (5th edition, 8.3.117) calls them SGR.
Backgrounds are left out, so that text can be read in light and dark. Each line begins anew, so that
a line looks the same wherever a page begins. static/build.js has the same rules for live lines.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "under"}
_UNDONE = {22: {"bold", "dim"}, 23: {"italic"}, 24: {"under"}}
_MOST_CODES = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that looks the same; ``classes`` are those of CSS, "" for text as usual."""

    classes: str
    text: str


def pieces(line: str) -> list[Piece]:
    """Return the pieces of a line; what is neither text nor a colour is left out."""
    found: list[Piece] = []
    look = _Look()
    start = 0
    for token in _TOKEN.finditer(line):
        _add(found, look, line[start : token.start()])
        start = token.end()
        if token[1] is not None:
            look = look.changed([int(code or 0) for code in token[1].split(";")[:_MOST_CODES]])
    _add(found, look, line[start:])
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    color: int | None = None
    styles: frozenset[str] = frozenset()

    @property
    def classes(self) -> str:
        color = () if self.color is None else (f"c{self.color}",)
        return " ".join((*color, *sorted(self.styles)))

    def changed(self, codes: list[int]) -> "_Look":
        look, rest = self, codes
        while rest:
            look, rest = look._after(rest[0], rest[1:])
        return look

    def _after(self, code: int, rest: list[int]) -> tuple["_Look", list[int]]:
        if code == 0:
            return _Look(), rest
        if code in {38, 48}:
            number, rest = _extended(rest)
            return (_Look(number, self.styles) if code == 38 else self), rest
        if code in _STYLES:
            return _Look(self.color, self.styles | {_STYLES[code]}), rest
        if code in _UNDONE:
            return _Look(self.color, self.styles - _UNDONE[code]), rest
        if code == 39:
            return _Look(None, self.styles), rest
        return _Look(_basic(code, self.color), self.styles), rest


def _basic(code: int, color: int | None) -> int | None:
    if 30 <= code <= 37:
        return code - 30
    return code - 90 + 8 if 90 <= code <= 97 else color


def _extended(rest: list[int]) -> tuple[int | None, list[int]]:
    """Read what follows 38 or 48: of 256 colours the first 16 have a class, others have none."""
    if rest[:1] == [5]:
        number = rest[1] if len(rest) > 1 else 16
        return (number if number < 16 else None), rest[2:]
    return None, (rest[4:] if rest[:1] == [2] else [])


def _add(found: list[Piece], look: _Look, text: str) -> None:
    if text:
        found.append(Piece(look.classes, text))
