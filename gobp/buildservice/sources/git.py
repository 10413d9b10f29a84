"""Running git: bounded in time, output and size, without prompts, hooks, filters and leftovers."""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gobp.errors import UserError

# The first with http.curloptResolve; an older one would pass over it, and look names up itself.
_OLDEST = (2, 37)
_VERSION = re.compile(r"git version (\d+)\.(\d+)")
_MOST_OUTPUT = 64 * 1024 * 1024
_KEPT_ERRORS = 16 * 1024
_CHUNK = 64 * 1024
_BLOCK = 512  # bytes, the unit of ulimit -f in sh
# sh limits the sizes of files for git and its helpers before any of them runs; they are told so
# when they write, and do not die of a signal that nobody reports.
_LIMITED = ("sh", "-c", 'trap "" XFSZ && ulimit -f "$0" && exec git "$@"')
_TOO_LARGE = "File too large"  # strerror(EFBIG)
# Configuration by environment: nothing of it stands in a command line.
_CONFIG = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.logAllRefUpdates", "false"),
    ("core.autocrlf", "input"),  # these two as go has them: files are as they were committed
    ("core.eol", "lf"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("core.bigFileThreshold", "1m"),  # larger files are not held in memory
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.version", "2"),
    ("http.followRedirects", "false"),  # see git_remote
    ("http.proxy", ""),
    ("http.emptyAuth", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "30"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("fetch.unpackLimit", "1"),  # a pack is checked as it comes, and stays one file
    ("fetch.fsckObjects", "true"),  # no tree with .git in it, or with two entries of one name
    *(  # harmless, and in the history of honest repositories
        (f"fetch.fsck.{name}", "ignore")
        for name in ("zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone", "missingEmail")
    ),
    ("transfer.bundleURI", "false"),
    ("transfer.credentialsInUrl", "die"),
    ("advice.detachedHead", "false"),
    ("init.defaultBranch", "main"),
)


class GitFailedError(Exception):
    """A git command failed; ``text`` is the end of what it said."""

    def __init__(self, command: str, text: str) -> None:
        super().__init__(f"git {command}: {text}")
        self.command = command
        self.text = text

    @property
    def too_large(self) -> bool:
        """Whether a file, or what git says, would have been larger than it may be."""
        return _TOO_LARGE in self.text


class OutOfTimeError(Exception):
    """There was no time left."""


def check_git(env: Mapping[str, str]) -> None:
    """Raise UserError where there is no git on the PATH of ``env``, or one that is too old."""
    try:
        done = subprocess.run(
            ["git", "version"], env=dict(env), capture_output=True, check=False, text=True
        )
        found = done.stdout.strip()
    except OSError:
        found = "no git"
    match = _VERSION.match(found)
    if match is None or (int(match[1]), int(match[2])) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise UserError(
            f"building from repositories needs git {oldest} or newer; this machine has {found}",
            remedy=f"install git {oldest} or newer, or leave sources.git empty.",
        )


class Deadline:
    """A time that several commands together may take."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left. Raises OutOfTimeError for none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutOfTimeError
        return left


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git commands in a time; ``most`` is the size in bytes that any file may get.

    ``env`` are variables that are passed on, ``config`` is configuration that adds to ours.
    """

    env: Mapping[str, str]
    deadline: Deadline
    most: int
    config: Sequence[tuple[str, str]] = ()

    def run(self, *arguments: str, cwd: Path) -> bytes:
        """Run git to its end and return its output. Raises GitFailedError, OutOfTimeError."""
        process = subprocess.Popen(
            [*_LIMITED, str(max(self.most // _BLOCK, 1)), *arguments],
            cwd=cwd,
            env={**self._variables(), "GIT_CEILING_DIRECTORIES": str(cwd.parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # its helpers end with it
        )
        try:
            output, errors = _outputs(process, self.deadline)
            status = process.wait(self.deadline.left)
        except subprocess.TimeoutExpired:
            raise OutOfTimeError from None
        finally:
            _end(process)
        if status < 0:
            raise GitFailedError(arguments[0], f"it died of signal {-status}")
        if status:
            raise GitFailedError(arguments[0], errors.decode("utf-8", "replace"))
        return output

    def text(self, *arguments: str, cwd: Path) -> str:
        """Run git as ``run`` does, and return its output as text without blanks around it."""
        return self.run(*arguments, cwd=cwd).decode("utf-8", "replace").strip()

    def _variables(self) -> dict[str, str]:
        config = (*_CONFIG, *self.config)
        pairs = [
            (f"GIT_CONFIG_{kind}_{number}", text)
            for number, pair in enumerate(config)
            for kind, text in zip(("KEY", "VALUE"), pair, strict=True)
        ]
        return {
            **self.env,
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "LC_ALL": "C",
            "GIT_CONFIG_COUNT": str(len(config)),
            **dict(pairs),
        }


def _outputs(process: "subprocess.Popen[bytes]", deadline: Deadline) -> tuple[bytes, bytes]:
    """Return all that a command prints, and the end of its errors."""
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, said in ((process.stdout, output), (process.stderr, errors)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, said)
        while selector.get_map():
            for said, part in _ready(selector, deadline):
                said.extend(part)
            if len(output) > _MOST_OUTPUT:
                raise GitFailedError("", f"{_TOO_LARGE}: it says too much")
            del errors[:-_KEPT_ERRORS]
    return bytes(output), bytes(errors)


def _ready(
    selector: selectors.BaseSelector, deadline: Deadline
) -> Iterator[tuple[bytearray, bytes]]:
    """Yield what streams have just said; those that are over are not listened to any more."""
    for key, _ in selector.select(deadline.left):
        stream: IO[bytes] = key.fileobj  # type: ignore[assignment] # as registered above
        part = os.read(stream.fileno(), _CHUNK)
        if not part:
            selector.unregister(stream)
        yield key.data, part


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command, with its helpers, if it still runs."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
