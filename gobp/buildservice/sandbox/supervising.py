"""From a command that waits to begin to why it is over, whatever it runs in."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import IO, Protocol

from gobp.buildservice.sandbox.groups import Group
from gobp.buildservice.sandbox.lines import Lines
from gobp.buildservice.sandbox.sandbox import Ended, Limits
from gobp.buildservice.sandbox.usage import DiskCheck, MemoryCheck
from gobp.buildservice.sandbox.watching import Check, Watch, deadline, stopped

_CHUNK = 64 * 1024


class Waiting(Protocol):
    """A command that waits to begin, as seen from outside."""

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process whose output is read."""
        ...

    @property
    def scratch(self) -> Sequence[str]:
        """File systems in memory that are its own."""
        ...

    def release(self) -> None:
        """Let it begin."""
        ...

    def pids(self) -> list[int]:
        """Return all its processes."""
        ...

    def terminate(self) -> None:
        """Ask all of them to end."""
        ...

    def kill(self) -> None:
        """End all of them."""
        ...


def supervise(
    waiting: Waiting,
    limits: Limits,
    folders: Sequence[Path],
    group: Group | None,
    on_line: Callable[[str], None],
    stop: Event,
) -> Ended:
    """Let a command run to its end, of itself or by a limit; return which of them it was.

    ``folders`` are those that it may write. Limits that it met without being ended are told to
    ``on_line``; whatever that raises ends the supervision.
    """
    disk = DiskCheck(limits.disk, folders, waiting.pids)
    memory = (
        _kernels_word(group) if group else MemoryCheck(limits.memory, waiting.pids, waiting.scratch)
    )
    checks: list[Check] = [memory, disk, deadline(limits.seconds), stopped(stop)]
    checks.append(_rest_killed(waiting))
    lines = Lines(on_line, limits.output)
    with Watch(checks, terminate=waiting.terminate, kill=waiting.kill) as watch:
        waiting.release()
        _read(output_of(waiting.process), lines, watch)
        waiting.process.wait()
    lines.end()
    if group and group.has_refused_processes():
        on_line(f"gobp: there were {limits.processes} processes; more were not started")
    # It may have been too quick to be seen.
    late = memory() if group else None
    return watch.ended or late or disk.look() or Ended.EXITED


def output_of(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    """Return the pipe with what a process prints."""
    if process.stdout is None:
        raise AssertionError("the process was started without a pipe")
    return process.stdout


def _kernels_word(group: Group) -> Check:
    return lambda: Ended.OUT_OF_MEMORY if group.is_out_of_memory() else None


def _rest_killed(waiting: Waiting) -> Check:
    """Return a check that ends what a command left running: it would hold its output open."""

    def check() -> None:
        if waiting.process.poll() is not None:
            waiting.kill()

    return check


def _read(output: IO[bytes], lines: Lines, watch: Watch) -> None:
    """Take all that is printed; after too much of it the rest is dropped."""
    while data := os.read(output.fileno(), _CHUNK):
        if not lines.feed(data):
            watch.end(Ended.TOO_MUCH_OUTPUT)
