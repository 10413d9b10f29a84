"""Running commands: streamed line by line, or captured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gobp.errors import UserError

LINE_LIMIT = 64 * 1024  # characters of one line of output that are kept
_NOT_FOUND = 127  # the shell's status for a command that is not there
# A folder of the PATH that this user may not read counts as one without the command.
_CANNOT_START = (FileNotFoundError, PermissionError)


@dataclass(frozen=True, slots=True)
class Captured:
    """What a finished command left: exit status and both outputs as text."""

    status: int
    stdout: str
    stderr: str


class Commands(Protocol):
    """Runs commands with exactly the environment given."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> int:
        """Run a command, hand over each line it prints, return its exit status.

        Standard output and error are merged in the order in which they come.
        Raises UserError when the command is not on the ``PATH`` of ``env``.
        """
        ...

    def capture(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Captured:
        """Run a command and return its outputs; status 127 when it is not on the PATH."""
        ...


class SystemCommands:
    """Runs commands of this machine."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> int:
        """See Commands.run."""
        import subprocess  # noqa: PLC0415 # a build of which nothing has changed runs nothing

        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except _CANNOT_START as error:
            raise _not_found(argv[0], env) from error
        with process:
            if process.stdout is None:  # a pipe was asked for above
                return process.wait()
            try:
                while line := process.stdout.readline(LINE_LIMIT):
                    on_line(line.rstrip("\n"))
            except BaseException:  # the build is stopped: what it started stops too
                process.terminate()
                raise
        return process.returncode

    def capture(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Captured:
        """See Commands.capture."""
        import subprocess  # noqa: PLC0415 # see run

        try:
            done = subprocess.run(
                argv,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except _CANNOT_START:
            return Captured(_NOT_FOUND, "", f"{argv[0]}: not found")
        return Captured(done.returncode, done.stdout, done.stderr)


def _not_found(name: str, env: Mapping[str, str]) -> UserError:
    return UserError(
        f"the command {name!r} was not found",
        detail=f"PATH is {env.get('PATH', '(not set)')}",
        remedy=f"use a build image that has {name}, or put {name} on its PATH.",
    )
