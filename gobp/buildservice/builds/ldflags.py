"""The flags of Go's linker that an order may have: none that runs a program or reads a file."""

import re

_PLAIN = frozenset({"-s", "-w"})
_NAME = r"[A-Za-z0-9_./~-]+\.[A-Za-z0-9_]+"
_VALUES = {
    "-X": re.compile(rf"{_NAME}=[^\n\r\0]*"),
    "-H": re.compile(r"windowsgui|windows|elf|pie|linux|darwin|freebsd|netbsd|openbsd|plan9"),
    "-buildid": re.compile(r"[A-Za-z0-9_./-]*"),
    "-linkmode": re.compile(r"internal|auto"),
    "-compressdwarf": re.compile(r"true|false"),
    "-checklinkname": re.compile(r"[01]"),
}
_MAY_BE_JOINED = "="
_BLANKS = " \t"
_QUOTES = "\"'"
ALLOWED = "-s, -w, -X name=value, -H, -buildid, -linkmode internal, -compressdwarf, -checklinkname"


def wrong_ldflag(text: str) -> str:
    """Return what is wrong with ldflags, "" for nothing.

    They are words as the go command splits them: with blanks between, each may stand in quotes.
    """
    words = _words(text)
    if words is None:
        return "a quote is not closed, or goes on after its end"
    position = 0
    while position < len(words):
        flag, joined, value = words[position].partition(_MAY_BE_JOINED)
        flag = f"-{flag.lstrip('-')}" if flag.startswith("-") else flag
        position += 1
        if flag in _PLAIN and not joined:
            continue
        form = _VALUES.get(flag)
        if form is None:
            return f"{words[position - 1]!r} is not allowed"
        if not joined:
            value = words[position] if position < len(words) else ""
            position += 1
        if not form.fullmatch(value):
            return f"{flag} cannot be {value!r}"
    return ""


def _words(text: str) -> list[str] | None:
    """Return the words of a text, None where its quotes are wrong (cmd/internal/quoted, Split)."""
    words = []
    rest = text.strip(_BLANKS)
    while rest:
        if rest[0] in _QUOTES:
            word, closed, rest = rest[1:].partition(rest[0])
            if not closed or (rest and rest[0] not in _BLANKS):
                return None
        else:
            found = re.match(r"[^ \t]+", rest)
            word = found[0] if found else ""
            rest = rest[len(word) :]
        words.append(word)
        rest = rest.lstrip(_BLANKS)
    return words
