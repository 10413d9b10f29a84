"""Runs whole processes against the clock, the sides of a comparison in turn."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """A process to start: its name in the report, argv, working directory and whole environment."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: wall clock and CPU (with its children's) in seconds, and the exit status."""

    seconds: float
    cpu_seconds: float
    status: int


def measure(command: Command) -> Run:
    """Run a command to its end, without input and with its output dropped."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env=command.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(seconds, usage.ru_utime + usage.ru_stime, process.returncode)


def interleaved(commands: Sequence[Command], rounds: int) -> Iterator[tuple[Command, Run]]:
    """Run every command once a round, so that the machine's other load falls on all alike.

    A round before the first fills the page cache and is not reported.
    """
    for command in commands:
        measure(command)
    for _ in range(rounds):
        for command in commands:
            yield command, measure(command)
