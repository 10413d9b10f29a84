"""What a command has to say besides its figures, and how it tells how far it is."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not done, or is not as it should be; ``remedy`` is what to do about it."""

    about: str
    reason: str
    remedy: str = ""


class Progress(Protocol):
    """Is told how far a command is; may be called from several threads."""

    def begin(self, what: str, total: int) -> None:
        """Take note that a part of the work begins, with so many steps."""
        ...

    def step(self) -> None:
        """Take note that one more step is done."""
        ...


class Quiet:
    """A Progress that shows nothing."""

    def begin(self, what: str, total: int) -> None:
        """See Progress.begin."""

    def step(self) -> None:
        """See Progress.step."""
