"""A small sandbox for tests: bubblewrap without limits, and with this machine's network."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from gobp.buildservice.sandbox.sandbox import Command, Ended, Limits, Result

LIMITS = Limits(
    memory=1 << 32,
    processes=512,
    disk=1 << 32,
    file=1 << 32,
    output=1 << 20,
    seconds=300,
)
_SYSTEM = (
    *("--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"),
    *("--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
    *("--ro-bind", "/etc", "/etc"),
    *("--die-with-parent", "--unshare-pid", "--clearenv"),
)


@dataclass(frozen=True, slots=True)
class NearSandbox:
    """Is a Sandbox. ``ran`` are the commands so far; ``env`` is what it adds to theirs."""

    env: Mapping[str, str] = field(default_factory=dict)
    ran: list[Command] = field(default_factory=list)
    level: str = "near"

    def run(
        self, command: Command, limits: Limits, on_line: Callable[[str], None], stop: Event, /
    ) -> Result:
        """See Sandbox.run."""
        self.ran.append(command)
        done = subprocess.run(
            ["bwrap", *_SYSTEM, *_mounts(command), *self._variables(command), *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limits.seconds,
            check=False,
        )
        for line in done.stdout.decode(errors="replace").splitlines():
            on_line(line)
        return Result(Ended.EXITED, done.returncode)

    def _variables(self, command: Command) -> list[str]:
        env = {**command.env, **self.env}
        words = [word for name in env for word in ("--setenv", name, env[name])]
        return [*words, "--chdir", command.cwd, "--"]


@dataclass(frozen=True, slots=True)
class EndingSandbox:
    """Is a Sandbox in which every command ends as ``result`` says, at once."""

    result: Result
    level: str = "ending"

    def run(
        self, command: Command, limits: Limits, on_line: Callable[[str], None], stop: Event, /
    ) -> Result:
        """See Sandbox.run."""
        return self.result


def _mounts(command: Command) -> list[str]:
    kinds = (("--ro-bind", command.read_only), ("--bind", command.writable))
    return [
        word
        for flag, paths in kinds
        for path, inside in paths.items()
        for word in (flag, os.fspath(path), inside)
    ]


def go_proxy() -> str:
    """Return where this machine's go takes modules from."""
    return subprocess.run(
        ["go", "env", "GOPROXY"], capture_output=True, text=True, check=True
    ).stdout.strip()


def make_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder, and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
