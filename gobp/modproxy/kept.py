"""What is believed for a while, in this process: bounded, so that nobody can fill the memory."""

from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Kept(Generic[_K, _V]):
    """At most ``most`` values, each until a time; where there are more, the oldest goes.

    Times are in seconds of one clock, which is the caller's.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[_K, tuple[_V, float]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: _K, now: float) -> _V | None:
        """Return the value of a key, None if there is none any more."""
        found = self._values.get(key)
        return found[0] if found is not None and now < found[1] else None

    def put(self, key: _K, value: _V, until: float) -> None:
        """Keep a value until a time."""
        self._values.pop(key, None)
        if len(self._values) >= self._most:
            del self._values[next(iter(self._values))]
        self._values[key] = (value, until)
