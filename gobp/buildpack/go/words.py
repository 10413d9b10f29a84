"""Splitting variables such as BP_GO_BUILD_FLAGS into words, by the rules Paketo's users know.

Quotes group, a backslash takes the next character as it is, ``$NAME`` and ``${NAME}`` are replaced
everywhere (in single quotes too), and what is replaced outside quotes is split again.
"""

import re
from collections.abc import Mapping

from gobp.errors import UserError

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))", re.ASCII)
_SPACES = " \t\r\n"
_NOT_A_SHELL = frozenset(";&|<>()")


def split_words(text: str, env: Mapping[str, str], *, named_by: str) -> tuple[str, ...]:
    """Split a variable's value into words. Raises UserError on a quote that is never closed."""
    splitter = _Splitter(env)
    position = 0
    while position < len(text):
        position = splitter.take(text, position, named_by)
    if splitter.quote:
        raise _malformed(text, f"the quote {splitter.quote} is never closed", named_by)
    splitter.end_word()
    return tuple(splitter.words)


def single_word(text: str, env: Mapping[str, str], *, named_by: str) -> str:
    r"""Read a value that is one word as it stands between double quotes (``\"`` for a quote)."""
    quoted = f'"{text}"'
    words = split_words(quoted, env, named_by=named_by)
    if len(words) != 1:
        raise _malformed(text, "it holds several words", named_by)
    return words[0]


class _Splitter:
    def __init__(self, env: Mapping[str, str]) -> None:
        self.words: list[str] = []
        self.quote = ""
        self._env = env
        self._word: list[str] = []
        self._started = False

    def take(self, text: str, position: int, named_by: str) -> int:
        """Read what stands at ``position``; return where to go on."""
        character = text[position]
        if character == "\\":
            return self._take_escaped(text, position, named_by)
        if character == "$" and (match := _VARIABLE.match(text, position)):
            self._take_value(self._env.get(match[1] or match[2], ""))
            return match.end()
        if self.quote:
            self._take_quoted(character)
        elif character in "\"'":
            self.quote, self._started = character, True
        elif character in _SPACES:
            self.end_word()
        elif character in _NOT_A_SHELL:
            raise _malformed(text, f"{character!r} outside quotes has no meaning here", named_by)
        else:
            self._add(character)
        return position + 1

    def end_word(self) -> None:
        if self._started:
            self.words.append("".join(self._word))
        self._word, self._started = [], False

    def _take_escaped(self, text: str, position: int, named_by: str) -> int:
        following = text[position + 1 : position + 2]
        if not following:
            raise _malformed(text, "it ends in a backslash", named_by)
        keeps_backslash = self.quote == "'" or (self.quote and following not in set('"\\$`'))
        if keeps_backslash and following != "$":
            self._add("\\")
            return position + 1
        self._add(following)
        return position + 2

    def _take_value(self, value: str) -> None:
        if self.quote:
            self._add(value)
            return
        for character in value:
            if character in _SPACES:
                self.end_word()
            else:
                self._add(character)

    def _take_quoted(self, character: str) -> None:
        if character == self.quote:
            self.quote = ""
        else:
            self._add(character)

    def _add(self, text: str) -> None:
        self._word.append(text)
        self._started = True


def _malformed(text: str, reason: str, named_by: str) -> UserError:
    return UserError(
        f"{named_by} cannot be read: {reason}",
        detail=f"{named_by}={text}",
        remedy='write it as words; put what holds spaces in quotes, such as -tags="a b".',
    )
