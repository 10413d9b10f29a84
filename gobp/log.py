"""The build log: Paketo's levels of indentation, debug lines and masking of secrets."""

import sys
from collections.abc import Iterable
from typing import TextIO

_MASK = "***"
LEVELS = ("INFO", "DEBUG")


class BuildLog:
    """Writes the log of a build to one stream.

    Levels are those Paketo users know: a title, then processes (2 spaces), subprocesses (4),
    actions (6) and details (8). Whatever is registered with :meth:`mask` is written as ``***``.
    ``warnings`` keeps the warnings; ``says_more`` tells whether debug lines are written.
    """

    def __init__(self, stream: TextIO | None = None, *, debug: bool = False) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._secrets: list[str] = []
        self.says_more = debug
        self.warnings: list[str] = []

    def mask(self, secrets: Iterable[str]) -> None:
        """Hide each of these texts in every later line."""
        longest_first = {*self._secrets, *(text for text in secrets if text)}
        self._secrets = sorted(longest_first, key=len, reverse=True)

    def title(self, text: str) -> None:
        """Write the name of what runs, flush left."""
        self._write(0, text)

    def process(self, text: str) -> None:
        """Write what a component does."""
        self._write(2, text)

    def subprocess(self, text: str) -> None:
        """Write one step of a process."""
        self._write(4, text)

    def action(self, text: str) -> None:
        """Write what a step does, and the output of commands."""
        self._write(6, text)

    def detail(self, text: str) -> None:
        """Write what belongs to an action."""
        self._write(8, text)

    def debug(self, text: str) -> None:
        """Write a process line only where ``BP_LOG_LEVEL=DEBUG`` asked for it."""
        if self.says_more:
            self._write(2, text)

    def warning(self, text: str) -> None:
        """Write what may surprise the user but does not end the build."""
        self.warnings.append(text)
        self._write(2, f"Warning: {text}")

    def gap(self) -> None:
        """Write the empty line between two processes."""
        self._write(0, "")

    def masked(self, text: str) -> str:
        """Return a text with every secret hidden."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text

    def _write(self, indent: int, text: str) -> None:
        for line in self.masked(text).split("\n"):
            self._stream.write(f"{' ' * indent}{line}".rstrip() + "\n")
        self._stream.flush()
