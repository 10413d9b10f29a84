"""The syntax that go.mod and go.work share: tokens, comments, lines and blocks of directives."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gobp.errors import UserError

# No token goes over the end of a line. An identifier ends at punctuation, space and comments.
_TOKEN = re.compile(
    r"""[ \t\r]*(?:
        (?P<comment>//.*)
      | (?P<token>
            [()\[\]{},]
          | "(?:[^"\\]|\\.)*"
          | `[^`]*`
          | (?!["`]|/\*)[^\s()\[\]{},]+?(?=//|/\*|[\s()\[\]{},]|$)
        )
      | $
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"""\\(?:([abfnrtv\\"])|x([0-9A-Fa-f]{2})|([0-7]{3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))"""
)
_SIMPLE_ESCAPES = dict(zip('abfnrtv\\"', b'\a\b\f\n\r\t\v\\"', strict=True))
_MAX_BYTE, _MAX_RUNE = 0xFF, 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_QUOTES = "\"'`"


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive, written on a line of its own or on a line of a block.

    ``args`` are the tokens after the verb, still quoted. ``comments`` are the lines of comment
    that belong to it (the block's where it has none itself), without ``//``; ``suffix`` is the
    comment behind it on its line. ``source`` and ``line`` (from 1) are for errors.
    """

    verb: str
    args: tuple[str, ...]
    comments: tuple[str, ...]
    suffix: str
    source: str
    line: int

    def error(self, problem: str) -> UserError:
        """Return the error that names this directive's place and what is wrong with it."""
        return syntax_error(self.source, self.line, problem)

    def string(self, token: str) -> str:
        """Return the string that one of the tokens stands for; only double quotes are allowed."""
        if token.startswith('"'):
            try:
                return unquote(token)
            except ValueError:
                raise self.error(f"{token} is not a valid quoted string") from None
        if any(quote in token for quote in _QUOTES):
            raise self.error(f"a quote stands within {token}")
        return token

    def only_string(self, usage: str) -> str:
        """Return the one argument there must be; ``usage`` says what it should have been."""
        if len(self.args) != 1:
            found = " ".join(self.args) or "nothing"
            raise self.error(f"{self.verb} takes exactly one argument, {usage}, and has {found}")
        return self.string(self.args[0])


def syntax_error(source: str, line: int, problem: str) -> UserError:
    """Return the error for a mistake at a line of the file ``source``."""
    return UserError(
        f"{source}:{line}: {problem}",
        remedy=f"correct line {line} of {source}; Go refuses it as well.",
    )


def read_directives(
    text: str, *, source: str, verbs: frozenset[str], block_verbs: frozenset[str]
) -> dict[str, list[Directive]]:
    """Return the directives of a file by verb, in order; each of ``verbs`` has a list.

    ``block_verbs`` are those that may head a block. Raises UserError, with source and line, for
    bad syntax and for unknown directives.
    """
    found: dict[str, list[Directive]] = {verb: [] for verb in verbs}
    for directive in _Reader(source, block_verbs).read(text.split("\n")):
        if directive.verb not in found:
            raise directive.error(f"unknown directive {directive.verb!r}")
        found[directive.verb].append(directive)
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    """The tokens and the comment of a line; ``number`` counts from 1."""

    tokens: tuple[str, ...]
    comment: str | None
    number: int


class _Reader:
    """Turns the lines of one file into directives."""

    def __init__(self, source: str, block_verbs: frozenset[str]) -> None:
        self._source = source
        self._block_verbs = block_verbs

    def read(self, texts: Iterable[str]) -> Iterator[Directive]:
        """Yield the directives of the lines, in their order."""
        lines = (self._scan(text, number) for number, text in enumerate(texts, 1))
        comments: list[str] = []
        for line in lines:
            if not line.tokens:
                comments = [*comments, line.comment] if line.comment is not None else []
                continue
            if _opens_block(line):
                yield from self._read_block(line, lines, tuple(comments))
            elif not _is_empty_block(line):
                yield self._directive(line.tokens[0], line.tokens[1:], line, tuple(comments))
            else:
                self._block_verb(line, line.tokens[:-2])
            comments = []

    def _read_block(
        self, head: _Line, lines: Iterator[_Line], block_comments: tuple[str, ...]
    ) -> Iterator[Directive]:
        verb = self._block_verb(head, head.tokens[:-1])
        before: list[str | None] = []  # None is a blank line
        first = True
        for line in lines:
            if not line.tokens:
                if line.comment is not None or not first or before:
                    before.append(line.comment)
                continue
            if line.tokens[0] == ")":
                if len(line.tokens) > 1:
                    raise self._error(line, f"{line.tokens[1]} stands after the closing )")
                return
            own = tuple(comment for comment in before if comment is not None)
            inherits = not before and line.comment is None
            yield self._directive(verb, line.tokens, line, block_comments if inherits else own)
            before, first = [], False
        raise self._error(head, f"the block that {' '.join(head.tokens)} opens is not closed")

    def _block_verb(self, line: _Line, head: tuple[str, ...]) -> str:
        if len(head) != 1 or head[0] not in self._block_verbs:
            raise self._error(line, f"{' '.join(head)!r} cannot head a block")
        return head[0]

    def _directive(
        self, verb: str, args: tuple[str, ...], line: _Line, comments: tuple[str, ...]
    ) -> Directive:
        suffix = line.comment or ""
        if line.comment is not None:
            comments = (*comments, line.comment)
        return Directive(verb, args, comments, suffix, self._source, line.number)

    def _scan(self, text: str, number: int) -> _Line:
        """Split one line into its tokens and its comment."""
        tokens: list[str] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            token = match["token"] if match else None
            if match is None or (token and not token.isprintable() and token[0] not in _QUOTES):
                raise syntax_error(self._source, number, _unexpected(text[position:].strip()))
            if match["comment"] is not None:
                return _Line(tuple(tokens), match["comment"][2:].strip(), number)
            if token is not None:
                tokens.append(token)
            position = match.end()
        return _Line(tuple(tokens), None, number)

    def _error(self, line: _Line, problem: str) -> UserError:
        return syntax_error(self._source, line.number, problem)


def _opens_block(line: _Line) -> bool:
    return len(line.tokens) > 1 and line.tokens[-1] == "("


def _is_empty_block(line: _Line) -> bool:
    return len(line.tokens) > 2 and line.tokens[-2:] == ("(", ")")


def _unexpected(rest: str) -> str:
    if rest.startswith("/*"):
        return "comments are written with //, not with /* */"
    if rest.startswith(tuple(_QUOTES)):
        return f"the quoted string {rest} is not closed"
    return f"{rest[:1]!r} is not allowed here"


def unquote(token: str) -> str:
    """Return the text of a string in double quotes with Go's escapes. Raises ValueError."""
    body = token[1:-1]
    if "\\" in _ESCAPE.sub("", body) or "\n" in body:
        raise ValueError(token)
    pieces: list[bytes] = []
    position = 0
    for match in _ESCAPE.finditer(body):
        pieces += [body[position : match.start()].encode(), _escaped(match)]
        position = match.end()
    return b"".join([*pieces, body[position:].encode()]).decode()


def _escaped(match: re.Match[str]) -> bytes:
    """Return the bytes an escape sequence stands for. Raises ValueError for no valid character."""
    simple, two_hex, octal, *runes = match.groups()
    if simple:
        return bytes([_SIMPLE_ESCAPES[simple]])
    if two_hex or octal:
        byte = int(two_hex, 16) if two_hex else int(octal, 8)
        if byte > _MAX_BYTE:
            raise ValueError(match[0])
        return bytes([byte])
    rune = int(runes[0] or runes[1], 16)
    if rune > _MAX_RUNE or rune in _SURROGATES:
        raise ValueError(match[0])
    return chr(rune).encode()
