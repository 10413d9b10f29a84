"""Running git for published modules: without prompts, hooks and leftovers."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from gobp.errors import UserError

_OPTIONS = (
    *("-c", "core.hooksPath=/dev/null"),  # what a repository brings along is not run
    *("-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"),  # nothing is left running
    *("-c", "core.bigFileThreshold=1m"),  # zips do not get smaller as differences of each other
    *("-c", "advice.detachedHead=false"),
)
# A git that runs us, as in a hook, says by these where it works.
_OF_ANOTHER_GIT = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE"),
)
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
_SHOWN_LINES = 6
_REMEDY = "see git's own words, and whether this user may do it by hand."


class GitError(UserError):
    """A git command failed; the detail has the end of what it said, without credentials."""


class Git:
    """Runs git with an environment and options, as of credentials; ``seconds`` bound each run."""

    def __init__(
        self, env: Mapping[str, str], *, options: Sequence[str] = (), seconds: float = 600
    ) -> None:
        self._env = {
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
            **{name: value for name, value in env.items() if name not in _OF_ANOTHER_GIT},
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        self._options = (*_OPTIONS, *options)
        self._seconds = seconds
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, *arguments: str, cwd: Path, more: Mapping[str, str] | None = None) -> bytes:
        """Run git to its end, and return its standard output. Raises GitError.

        ``more`` are variables for this run, as for credentials.
        """
        process = self.start(*arguments, cwd=cwd, more=more)
        try:
            output, errors = process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            self.end(process)
            raise _failed(arguments, f"it took longer than {self._seconds:.0f} seconds") from None
        finally:
            self.end(process)
        if process.returncode != 0:
            raise _failed(arguments, (errors + output).decode("utf-8", "replace"))
        return output

    def text(self, *arguments: str, cwd: Path) -> str:
        """Run git, and return its standard output as text without white space around it."""
        return self.run(*arguments, cwd=cwd).decode("utf-8", "replace").strip()

    def start(
        self, *arguments: str, cwd: Path, more: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start git with pipes; whoever starts it has to ``end`` it. Raises GitError."""
        if self._stopped:
            raise _failed(arguments, "the server is stopping")
        try:
            process = subprocess.Popen(
                ["git", *self._options, *arguments],
                cwd=cwd,
                env={**self._env, **(more or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # its helpers, as ssh, end with it
            )
        except FileNotFoundError:
            raise GitError(
                "the command git was not found", remedy="install git on this machine."
            ) from None
        self._running.add(process)
        return process

    def end(self, process: "subprocess.Popen[bytes]") -> None:
        """End a git that was started, and its helpers."""
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self._running.discard(process)

    def stop(self) -> None:
        """End all that runs, and start nothing any more."""
        self._stopped = True
        for process in tuple(self._running):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def without_user(text: str) -> str:
    """Return a text without the users and passwords in its URLs."""
    return _USER_IN_URL.sub("", text)


def check_repository(url: str, *, named_by: str) -> None:
    """Raise UserError for a URL that git takes for an option, or that shows others a password."""
    if url.startswith("-"):
        raise UserError(
            f"{named_by} is {url!r}, which git takes for an option",
            remedy="name a URL, or a folder as ./NAME.",
        )
    if urlsplit(url).password:
        raise UserError(
            f"{named_by} has a password in it: {without_user(url)}",
            remedy="leave it out: all users of a machine see it among the running commands. "
            "Put it into a netrc file, or a credential helper of git.",
        )


def _failed(arguments: Sequence[str], said: str) -> GitError:
    command = _without_options(arguments)
    lines = [line for line in without_user(said).splitlines() if line.strip()]
    return GitError(
        f"git {command} failed", detail="\n".join(lines[-_SHOWN_LINES:]), remedy=_REMEDY
    )


def _without_options(arguments: Sequence[str]) -> str:
    """Return the command of git that is run, as ``fetch`` or ``lfs fetch``."""
    rest = list(arguments)
    while rest[:1] == ["-c"]:
        del rest[:2]
    return " ".join(rest[: 2 if rest[:1] == ["lfs"] else 1])
