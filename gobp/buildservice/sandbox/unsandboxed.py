"""No sandbox: commands run as any program of this machine, which the settings must ask for.

The limits are kept as far as they can be without one; files and network are those of the machine.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from gobp.buildservice.sandbox.folders import given_to
from gobp.buildservice.sandbox.groups import Group, Groups
from gobp.buildservice.sandbox.modules import ModuleProxy
from gobp.buildservice.sandbox.rlimits import limited
from gobp.buildservice.sandbox.sandbox import Command, Limits, Result, SandboxError
from gobp.buildservice.sandbox.supervising import supervise
from gobp.buildservice.sandbox.user import User

_WAITING = 128
_END_SECONDS = 10.0
_PAUSE = 0.01


class Unsandboxed:
    """Runs commands as who this process is (see Sandbox).

    What a command calls ``/src`` is somewhere else without a sandbox: where a path that is mounted
    begins an argument or a variable's value, or follows ``=`` or ``:`` in it, it is rewritten.
    """

    level = "none"

    def __init__(self, groups: Groups | None, modules: ModuleProxy) -> None:
        self.groups = groups
        self._modules = modules
        self._user = User(os.geteuid(), os.getegid())

    def run(
        self, command: Command, limits: Limits, on_line: Callable[[str], None], stop: Event
    ) -> Result:
        """See Sandbox.run."""
        folders = [Path(folder) for folder in command.writable]
        given: set[str] = set()
        env = dict(command.env)
        with ExitStack() as stack:
            stack.enter_context(given_to(self._user, folders))
            group = stack.enter_context(self.groups.group(limits)) if self.groups else None
            if command.modules:
                listener = socket.create_server(("127.0.0.1", 0), backlog=_WAITING)
                env |= self._modules.env(listener.getsockname()[1])
                given = stack.enter_context(self._modules.serving(listener))
            waiting = stack.enter_context(_started(command, limits, env, group))
            ended = supervise(waiting, limits, folders, group, on_line, stop)
        status = waiting.process.returncode
        return Result(ended, status if status >= 0 else 128 - status, tuple(sorted(given)))

    def close(self) -> None:
        """Let go of the module proxy's connections."""
        self._modules.close()


@dataclass(frozen=True, slots=True)
class _Started:
    """A command that waits to begin (see Waiting)."""

    process: "subprocess.Popen[bytes]"
    group: Group | None

    @property
    def scratch(self) -> Sequence[str]:
        return ()

    def release(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.write(b"\n")
            self.process.stdin.close()

    def pids(self) -> list[int]:
        """Return its processes: without a group, those that did not leave its session."""
        return self.group.pids() if self.group else _of_session(self.process.pid)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        end = time.monotonic() + _END_SECONDS
        while self._signal(signal.SIGKILL) and time.monotonic() < end:
            time.sleep(_PAUSE)  # some may have started others meanwhile

    def _signal(self, number: signal.Signals) -> int:
        """Return how many processes there were."""
        pids = self.pids()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return len(pids)


@contextmanager
def _started(
    command: Command, limits: Limits, env: Mapping[str, str], group: Group | None
) -> Iterator[_Started]:
    """Give a command that waits for its gate, which is its standard input."""
    outside = _Outside.of(command)
    argv = [outside.rewrite(word) for word in command.argv]
    try:
        process = subprocess.Popen(
            limited(argv, limits, grouped=group is not None, others=_own_processes()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=outside.rewrite(command.cwd),
            env={name: outside.rewrite(value) for name, value in env.items()},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise SandboxError(f"the command cannot be started: {error}") from None
    with process:
        started = _Started(process, group)
        try:
            if group is not None:
                group.add(process.pid)
            yield started
        finally:
            started.kill()


def _of_session(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for pid in _all_processes():
        with suppress(OSError):
            _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            state, _, _, of, *_ = fields.split()
            if int(of) == session and state != "Z":
                found.append(pid)
    return found


def _own_processes() -> int:
    """Return how many processes and threads this user has: they count where limits are kept."""
    count = 0
    for pid in _all_processes():
        with suppress(OSError):
            if Path(f"/proc/{pid}").stat().st_uid == os.geteuid():
                count += len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 # many
    return count


def _all_processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 # many


@dataclass(frozen=True, slots=True)
class _Outside:
    """Where the paths of a command's world are on this machine."""

    paths: Mapping[str, str]
    pattern: "re.Pattern[str]"

    @classmethod
    def of(cls, command: Command) -> "_Outside":
        mounts = {**command.read_only, **command.writable}
        paths = {target: str(source) for source, target in mounts.items()}
        longest_first = sorted(paths, key=len, reverse=True)
        inside = "|".join(re.escape(path) for path in longest_first) or "(?!)"
        return cls(paths, re.compile(rf"(?:(?<=[=:, ])|^)(?:{inside})(?=[/:, ]|$)"))

    def rewrite(self, text: str) -> str:
        return self.pattern.sub(lambda found: self.paths[found[0]], text)
