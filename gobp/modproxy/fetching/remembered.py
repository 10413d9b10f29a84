"""Answers that may change - lists, latest versions, queries - and how old they are.

They are files, so that all workers share them and a restart loses nothing: a list where the tree
has it, the others below ``.gobp/remembered``. The time of a file is that of the answer.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gobp.golang.module import escape_version
from gobp.modproxy.protocol.requests import Latest, Query, VersionList, version_folder
from gobp.modproxy.sources.source import NotFoundError
from gobp.modproxy.tree.module_tree import OWN, ModuleTree

Changing = VersionList | Latest | Query
_MOST_MISSES = 20_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer and its age in seconds."""

    content: bytes
    age: float


class Memory:
    """Remembers answers of sources in a tree."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def recall(self, tree: ModuleTree, request: Changing) -> Remembered | None:
        """Return what was answered last, None if nothing is known."""
        path = _path(tree, request)
        try:
            with path.open("rb") as file:
                return Remembered(file.read(), self._clock() - os.fstat(file.fileno()).st_mtime)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def keep(self, tree: ModuleTree, request: Changing, content: bytes) -> None:
        """Remember an answer."""
        tree.replace(_path(tree, request), content)


class Misses:
    """Remembers for a while that something is not there, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[object, tuple[float, NotFoundError]] = {}

    def check(self, key: object) -> None:
        """Raise NotFoundError again where it is remembered."""
        known = self._until.get(key)
        if known is not None and known[0] > self._clock():
            raise known[1]

    def keep(self, key: object, error: NotFoundError, seconds: float) -> None:
        """Remember for some seconds that there is no such thing."""
        if len(self._until) >= _MOST_MISSES:
            self._until.clear()
        self._until[key] = (self._clock() + seconds, error)

    def forget(self) -> None:
        """Forget all, after something was published."""
        self._until.clear()


def _path(tree: ModuleTree, request: Changing) -> Path:
    folder = version_folder(request.module)
    match request:
        case VersionList():
            return tree.list_path(request.module)
        case Latest():
            return tree.root / OWN / "remembered" / folder / "@latest"
        case Query():
            name = f"{escape_version(request.query)}.info"
            return tree.root / OWN / "remembered" / folder / name
