"""Pauses between attempts: the first short, each twice the one before, none too long."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pauses:
    """Endless pauses from ``first`` to ``longest`` seconds."""

    first: float
    longest: float

    def __iter__(self) -> Iterator[float]:
        pause = self.first
        while True:
            yield pause
            pause = min(2 * pause, self.longest)
