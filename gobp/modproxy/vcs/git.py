"""Running git in the event loop: bounded in time, output and number, and with nothing left over."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gobp.modproxy.sources.source import RefusedError, UnavailableError

_MOST_OUTPUT = 64 * 1024 * 1024
_KEPT_ERRORS = 16 * 1024
_CHUNK = 256 * 1024
_LOCAL_AT_ONCE = 16
_LAST_WORDS = 5  # seconds for the output of a command that was stopped
# Config by environment: nothing of it stands in a command line.
_CONFIG = (
    ("core.hooksPath", "/dev/null"),
    ("core.autocrlf", "input"),  # these two as go has them: hashes of modules rest on it
    ("core.eol", "lf"),
    ("gc.autoDetach", "false"),
    ("gc.pruneExpire", "never"),  # commits that were served stay, whatever becomes of branches
    ("protocol.version", "2"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("fetch.recurseSubmodules", "false"),
)


class GitFailedError(Exception):
    """A git command failed; ``text`` is the end of what it said."""

    def __init__(self, command: str, text: str) -> None:
        super().__init__(f"{command}: {text}")
        self.command = command
        self.text = text


@dataclass(frozen=True, slots=True)
class GitEnvironment:
    """What git is run with besides its arguments: variables, and configuration that adds to ours.

    ``config`` has pairs of name and value. The remedy is for those whose credentials fail.
    """

    variables: Mapping[str, str]
    config: tuple[tuple[str, str], ...] = ()

    def as_variables(self) -> dict[str, str]:
        """Return all of it as environment variables."""
        config = (*_CONFIG, *self.config)
        found = {
            **self.variables,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "LC_ALL": "C",
            "GIT_CONFIG_COUNT": str(len(config)),
        }
        for number, (name, value) in enumerate(config):
            found[f"GIT_CONFIG_KEY_{number}"] = name
            found[f"GIT_CONFIG_VALUE_{number}"] = value
        return found


class Git:
    """Runs git commands, each for at most ``seconds``; ``fetches`` of them over the network."""

    def __init__(self, *, fetches: int, seconds: float) -> None:
        self._seconds = seconds
        self._remote = asyncio.Semaphore(fetches)
        self._local = asyncio.Semaphore(_LOCAL_AT_ONCE)

    async def remote(self, *arguments: str, env: GitEnvironment) -> bytes:
        """Run a command that speaks with a server, and return its output.

        Raises GitFailedError, and UnavailableError where it takes too long.
        """
        async with self._remote:
            return await self._output(arguments, env)

    async def local(self, *arguments: str, env: GitEnvironment) -> bytes:
        """Run a command that only reads what is here; see remote."""
        async with self._local:
            return await self._output(arguments, env)

    async def write(
        self, *arguments: str, env: GitEnvironment, take: Callable[[bytes], object], most: int
    ) -> None:
        """Run a local command, and hand over its output as it comes, up to ``most`` bytes.

        Raises RefusedError for more; see remote too.
        """
        async with self._local:
            await self._run(arguments, env, take, most)

    async def _output(self, arguments: tuple[str, ...], env: GitEnvironment) -> bytes:
        parts: list[bytes] = []
        await self._run(arguments, env, parts.append, _MOST_OUTPUT)
        return b"".join(parts)

    async def _run(
        self,
        arguments: tuple[str, ...],
        env: GitEnvironment,
        take: Callable[[bytes], object],
        most: int,
    ) -> None:
        process = await _started(arguments, env.as_variables())
        said = asyncio.create_task(_last(_stream(process.stderr)))
        try:
            async with asyncio.timeout(self._seconds):
                await _take(_stream(process.stdout), take, most)
                errors = await asyncio.shield(said)
                status = await process.wait()
        except TimeoutError:
            raise UnavailableError(
                f"git {arguments[0]} took longer than {self._seconds:.0f} s (vcs.timeout)",
                status=504,
            ) from None
        finally:
            await _end(process, said)
        if status != 0:
            raise GitFailedError(f"git {arguments[0]}", errors)


async def _started(
    arguments: tuple[str, ...], variables: dict[str, str]
) -> asyncio.subprocess.Process:
    """Start git in a group of processes of its own. Raises UnavailableError if there is none."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            "git",
            *arguments,
            env=variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except FileNotFoundError:
        raise UnavailableError("git is not installed on the machine of the proxy") from None
    except asyncio.CancelledError:  # it may run already, and have children
        process = await starting
        await _end(process, asyncio.create_task(_last(_stream(process.stderr))))
        raise


async def _end(process: asyncio.subprocess.Process, said: "asyncio.Task[str]") -> None:
    """Stop what is left of a command, its children too, and wait for it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio sees no end of a process whose output nobody reads to its end.
    rest = asyncio.create_task(_take(_stream(process.stdout), lambda _: None, sys.maxsize))
    _, late = await asyncio.wait({said, rest}, timeout=_LAST_WORDS)
    for reading in late:
        reading.cancel()
    await process.wait()


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise AssertionError("git was started with pipes")
    return stream


async def _take(stream: asyncio.StreamReader, take: Callable[[bytes], object], most: int) -> None:
    size = 0
    while chunk := await stream.read(_CHUNK):
        size += len(chunk)
        if size > most:
            raise RefusedError(f"the repository gives more than {most} bytes")
        take(chunk)


async def _last(stream: asyncio.StreamReader) -> str:
    """Read all, and return its end as text."""
    kept = b""
    while chunk := await stream.read(_CHUNK):
        kept = (kept + chunk)[-_KEPT_ERRORS:]
    return kept.decode("utf-8", "replace")
