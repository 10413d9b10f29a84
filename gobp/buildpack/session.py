"""What one build hands from component to component in memory: nothing of it reaches a layer.

Layers are stored and shared, so secrets, and the variables that lead to them, travel here.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from gobp.system.files import remove_tree

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 # where there is one, files in it never touch a disk


class Session:
    """Private variables for the commands of this build, and a private folder that goes with it."""

    def __init__(self, base: Path = _IN_MEMORY) -> None:
        self._base = base
        self._env: dict[str, str] = {}
        self._folder: Path | None = None
        self._at_end: dict[str, Callable[[], None]] = {}

    @property
    def env(self) -> Mapping[str, str]:
        """The variables set so far."""
        return dict(self._env)

    def set(self, name: str, value: str) -> None:
        """Set a variable for every component after this one, in this build only."""
        self._env[name] = value

    def folder(self) -> Path:
        """Return a folder that only this user can read, in memory where the machine has room."""
        if self._folder is None:
            self._folder = Path(self._new_folder())
        return self._folder

    def at_end(self, name: str, act: Callable[[], None]) -> None:
        """Have something done when every component has built, or when one has failed."""
        self._at_end[name] = act

    def end(self, name: str) -> None:
        """Do now what waits for the end under this name, where there is such a thing."""
        act = self._at_end.pop(name, None)
        if act is not None:
            act()

    def close(self) -> None:
        """Do what waits for the end, and remove the folder."""
        for name in [*self._at_end]:
            self.end(name)
        if self._folder is not None:
            remove_tree(self._folder)
            self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_folder(self) -> str:
        import tempfile  # noqa: PLC0415 # few builds have a secret to keep in a file

        try:
            return tempfile.mkdtemp(prefix="gobp-", dir=self._base)
        except OSError:  # no such folder, or not writable
            return tempfile.mkdtemp(prefix="gobp-")
