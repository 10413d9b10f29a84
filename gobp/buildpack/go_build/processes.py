"""The processes of the image: one a program, and always one named ``web``."""

import re
from collections.abc import Sequence

from gobp.cnb.launch import Process

WEB = "web"
_NOT_IN_A_TYPE = re.compile(r"[^A-Za-z0-9._-]")


def launch_processes(binaries: Sequence[str], folder: str) -> tuple[Process, ...]:
    """Return a process for each program, the first one being the default.

    Where no program is called ``web``, a process ``web`` starts the first one and is the default,
    so that platforms and charts can rely on that name. ``folder`` holds the programs.
    """
    processes = [
        Process(type=_NOT_IN_A_TYPE.sub("-", name), command=(f"{folder}/{name}",))
        for name in binaries
    ]
    if WEB not in binaries:
        processes.insert(0, Process(type=WEB, command=(f"{folder}/{binaries[0]}",)))
    first = processes[0]
    default = Process(type=first.type, command=first.command, default=True)
    return (default, *processes[1:])


def table(processes: Sequence[Process]) -> list[str]:
    """Return the processes as aligned lines for the log."""
    names = [f"{p.type}{' (default)' if p.default else ''}:" for p in processes]
    width = max(len(name) for name in names)
    return [
        f"{name.ljust(width)} {' '.join((*process.command, *process.args))}"
        for name, process in zip(names, processes, strict=True)
    ]
