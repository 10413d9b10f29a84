"""What a sandbox is asked, and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command, with all that it starts, may use; sizes in bytes, times in seconds.

    ``output`` is what it may print, ``file`` the largest file, ``disk`` all that it may write to
    each of its folders.
    """

    memory: int
    processes: int
    disk: int
    file: int
    output: int
    seconds: float


class Ended(StrEnum):
    """Why a command in a sandbox is over."""

    EXITED = "exited"
    OUT_OF_TIME = "out of time"
    OUT_OF_MEMORY = "out of memory"
    TOO_MUCH_OUTPUT = "too much output"
    TOO_MUCH_DISK = "too much disk"
    STOPPED = "stopped"  # who asked for it does not want it any more


@dataclass(frozen=True, slots=True)
class Command:
    """A command and its world. Paths on the left are of this machine, those on the right inside.

    ``read_only`` and ``writable`` are mounted; ``env`` is all that it sees; ``modules`` says that
    the module proxy is there: then the sandbox adds GOPROXY, GOSUMDB and the like to ``env``.
    """

    argv: Sequence[str]
    cwd: str
    env: Mapping[str, str]
    read_only: Mapping[Path, str] = field(default_factory=dict)
    writable: Mapping[Path, str] = field(default_factory=dict)
    modules: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended; ``status`` is its exit status, 128 + n for a signal.

    ``modules`` are those that the proxy gave it, as ``path@version``, sorted.
    """

    ended: Ended
    status: int
    modules: tuple[str, ...] = ()


class Sandbox(Protocol):
    """Runs commands that nobody trusts."""

    @property
    def level(self) -> str:
        """What keeps commands in, for logs and the provenance: ``bubblewrap`` or ``none``."""
        ...

    def run(
        self, command: Command, limits: Limits, on_line: Callable[[str], None], stop: Event, /
    ) -> Result:
        """Run a command to its end, handing over each line it prints; all it started is gone then.

        Setting ``stop`` ends it: SIGTERM, ten seconds, SIGKILL. Raises SandboxError.
        """
        ...


class SandboxError(Exception):
    """The sandbox itself does not work; the text says why. It is no fault of the command."""
