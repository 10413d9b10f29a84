"""The lines of what a command prints, whatever it prints."""

from collections.abc import Callable

LONGEST_LINE = 16 * 1024  # bytes; what is longer is cut into several lines
_NUL = "\N{REPLACEMENT CHARACTER}"


class Lines:
    """Takes bytes as they come and hands over lines, until ``limit`` bytes have come.

    Lines are text without line ends and NUL characters; what is no UTF-8 is replaced.
    """

    def __init__(self, on_line: Callable[[str], None], limit: int) -> None:
        self._on_line = on_line
        self._left = limit
        self._begun = b""

    def feed(self, data: bytes) -> bool:
        """Take bytes; return whether they were within the limit. The rest is dropped."""
        within = len(data) <= self._left
        *whole, self._begun = (self._begun + data[: self._left]).split(b"\n")
        self._left -= min(len(data), self._left)
        for line in whole:
            self._cut(line)
        while len(self._begun) > LONGEST_LINE:
            self._say(self._begun[:LONGEST_LINE])
            self._begun = self._begun[LONGEST_LINE:]
        return within

    def end(self) -> None:
        """Hand over what came after the last line end."""
        if self._begun:
            self._say(self._begun)
            self._begun = b""

    def _cut(self, line: bytes) -> None:
        self._say(line[:LONGEST_LINE])
        for start in range(LONGEST_LINE, len(line), LONGEST_LINE):
            self._say(line[start : start + LONGEST_LINE])

    def _say(self, line: bytes) -> None:
        text = line.removesuffix(b"\r").decode("utf-8", "replace")
        self._on_line(text.replace("\0", _NUL))
