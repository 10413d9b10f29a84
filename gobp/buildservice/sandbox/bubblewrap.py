"""The sandbox: bubblewrap, with limits by control groups or else by looking on.

How a command is started: bwrap builds its world and waits; meanwhile its first process (process 1
inside, of which all others descend) is put into a control group, and gets its listener for modules.
Then it may go, and sets its resource limits first. At its end process 1 is killed, and all others
with it: the kernel does that for each process namespace.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO

from gobp.buildservice.sandbox import world
from gobp.buildservice.sandbox.folders import given_to
from gobp.buildservice.sandbox.groups import Group, Groups
from gobp.buildservice.sandbox.listener import PORT, listen_inside
from gobp.buildservice.sandbox.modules import ModuleProxy
from gobp.buildservice.sandbox.rlimits import limited
from gobp.buildservice.sandbox.sandbox import Command, Ended, Limits, Result, SandboxError
from gobp.buildservice.sandbox.supervising import output_of, supervise
from gobp.buildservice.sandbox.usage import descendants
from gobp.buildservice.sandbox.user import User
from gobp.buildservice.sandbox.world import Mount

_STAGING = Path(__file__).with_name("staging.py")
_START_SECONDS = 30.0
_END_SECONDS = 30.0
_GIVING_UP_SECONDS = 1.0
_CHUNK = 64 * 1024
_NOTHING = "it says nothing"
_KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Machine:
    """What of this machine the sandbox is made with.

    ``program`` is the path of bwrap, ``etc`` has what write_etc wrote, ``seccomp`` is a filter.
    Without ``groups`` no control group can be made here.
    """

    program: str
    user: User
    etc: Path
    seccomp: bytes
    groups: Groups | None


class BubblewrapSandbox:
    """Runs each command in a world of its own (see Sandbox)."""

    level = "bubblewrap"

    def __init__(self, machine: Machine, modules: ModuleProxy) -> None:
        self.machine = machine
        self._modules = modules

    def run(
        self, command: Command, limits: Limits, on_line: Callable[[str], None], stop: Event
    ) -> Result:
        """See Sandbox.run."""
        folders = [Path(folder) for folder in command.writable]
        groups = self.machine.groups
        given: set[str] = set()
        last = [_NOTHING]

        def hand_over(line: str) -> None:
            last[0] = line
            on_line(line)

        with ExitStack() as stack:
            with _told():
                stack.enter_context(given_to(self.machine.user, folders))
                group = stack.enter_context(groups.group(limits)) if groups else None
                started = stack.enter_context(self._started(command, limits, group))
                if command.modules:
                    with _explained(started.process):
                        listener = listen_inside(started.first)
                    given = stack.enter_context(self._modules.serving(listener))
            ended = supervise(started, limits, folders, group, hand_over, stop)
            status = started.status()
            if status is None and ended is Ended.EXITED:
                raise SandboxError(f"bubblewrap failed: {last[0]}")
            return Result(ended, _KILLED if status is None else status, tuple(sorted(given)))

    def close(self) -> None:
        """Let go of the module proxy's connections."""
        self._modules.close()

    @contextmanager
    def _started(
        self, command: Command, limits: Limits, group: Group | None
    ) -> Iterator["_Started"]:
        """Give a command that waits to begin; none of its processes is there after the block."""
        status_read, status_write = os.pipe()
        gate_read, gate_write = os.pipe()
        with _closing(status_read, gate_write):
            with _closing(status_write, gate_read):
                process = self._popen(command, limits, status_write, gate_read)
            with process, _ended(process):
                first = _first_process(status_read, output_of(process))
                with _explained(process):
                    handle = os.pidfd_open(first)
                with _closing(handle), _buried(first, handle):
                    if group is not None:
                        with _explained(process):
                            group.add(first)
                    yield _Started(process, first, handle, status_read, gate_write)

    def _popen(
        self, command: Command, limits: Limits, status: int, gate: int
    ) -> "subprocess.Popen[bytes]":
        staging, mounts = self._staged(_mounts(command, self.machine.etc))
        env = {**command.env, **(self._modules.env(PORT) if command.modules else {})}
        words = world.arguments(mounts, env, command.cwd, min(limits.disk, limits.memory))
        _check_words([*words, *command.argv])
        argv = limited(command.argv, limits, grouped=self.machine.groups is not None)
        told = _memory_file("\0".join([*words, ""]).encode())
        seccomp = _memory_file(self.machine.seccomp)
        with _closing(told, seccomp):
            options = [
                *("--args", str(told), "--seccomp", str(seccomp)),
                *("--json-status-fd", str(status), "--block-fd", str(gate)),
            ]
            return subprocess.Popen(
                [*staging, self.machine.program, *options, "--", *argv],
                stdin=gate,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={},
                pass_fds=(told, seccomp, status, gate),
                start_new_session=True,
            )

    def _staged(self, mounts: Sequence[Mount]) -> tuple[list[str], list[Mount]]:
        """Return what has to run before bwrap, and the mounts as they are named after it."""
        user = self.machine.user
        if not user.is_other:
            return [], list(mounts)
        argv = [sys.executable, "-I", "-S", str(_STAGING), str(user.uid), str(user.gid)]
        moved = [
            Mount(f"{world.SCRATCH}/{number}", mount.target, mount.writable)
            for number, mount in enumerate(mounts)
        ]
        return [*argv, *(mount.source for mount in mounts), "--"], moved


@dataclass(frozen=True, slots=True)
class _Started:
    """A command whose world is ready (see Waiting); ``handle`` is the pidfd of ``first``."""

    process: "subprocess.Popen[bytes]"
    first: int
    handle: int
    status_pipe: int
    gate: int

    @property
    def scratch(self) -> Sequence[str]:
        return [f"/proc/{self.first}/root{path}" for path in world.SCRATCHES]

    def release(self) -> None:
        with suppress(BrokenPipeError):  # bwrap gave up; its status says so
            os.write(self.gate, b".\n")  # for bwrap, and for what it then runs

    def pids(self) -> list[int]:
        return descendants(self.first)

    def terminate(self) -> None:
        for pid in self.pids()[1:]:  # the first would not hear it
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def status(self) -> int | None:
        """Return the exit status, None where the command did not end by itself, or begin."""
        os.set_blocking(self.status_pipe, False)
        told = b""
        with suppress(BlockingIOError):
            told = os.read(self.status_pipe, _CHUNK)
        for line in told.splitlines():
            document = json.loads(line)
            if "exit-code" in document:
                return int(document["exit-code"])
        return None


def _mounts(command: Command, etc: Path) -> list[Mount]:
    return [
        *world.etc_mounts(etc),
        *(Mount(str(source), target) for source, target in command.read_only.items()),
        *(Mount(str(source), target, writable=True) for source, target in command.writable.items()),
    ]


@contextmanager
def _told() -> Iterator[None]:
    """Turn errors of this machine, while a sandbox is made, into those of the sandbox."""
    try:
        yield
    except OSError as error:
        raise SandboxError(f"the sandbox cannot be made: {error}") from error


def _first_process(status: int, output: IO[bytes]) -> int:
    """Return the first process of the sandbox. Raises SandboxError when there is none."""
    told = _line(status)
    if not told:
        raise SandboxError(f"bubblewrap does not start: {_last_words(output)}")
    return int(json.loads(told)["child-pid"])


@contextmanager
def _explained(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Where bwrap gave up meanwhile, raise what it said in place of what then went wrong."""
    try:
        yield
    except (OSError, SandboxError):
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GIVING_UP_SECONDS)
            said = _last_words(output_of(process))
            raise SandboxError(f"bubblewrap failed: {said}") from None
        raise


def _last_words(output: IO[bytes]) -> str:
    os.set_blocking(output.fileno(), False)
    said = (output.read() or b"").decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else _NOTHING


def _line(handle: int) -> bytes:
    """Return the first line that comes, which bwrap writes piece by piece; b"" if none does."""
    told, end = b"", time.monotonic() + _START_SECONDS
    while not told.endswith(b"\n"):
        ready, _, _ = select.select([handle], [], [], max(0.0, end - time.monotonic()))
        piece = os.read(handle, 1) if ready else b""
        if not piece:
            return b""
        told += piece
    return told


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        # What bwrap has just started would wait for it for ever.
        for pid in descendants(process.pid) if process.poll() is None else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def _buried(first: int, handle: int) -> Iterator[None]:
    """Kill the first process at the end; it is gone only once all others are."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        select.select([handle], [], [], _END_SECONDS)
        with suppress(ChildProcessError):  # ours to wait for only where we are process 1
            os.waitpid(first, os.WNOHANG)


@contextmanager
def _closing(*handles: int) -> Iterator[None]:
    try:
        yield
    finally:
        for handle in handles:
            os.close(handle)


def _check_words(words: Sequence[str]) -> None:
    """Raise SandboxError for a NUL: bwrap would take what follows it for another option."""
    if any("\0" in word for word in words):
        raise SandboxError("a command, a path or a variable has a NUL character in it")


def _memory_file(content: bytes) -> int:
    handle = os.memfd_create("gobp", os.MFD_CLOEXEC)
    with open(handle, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle
