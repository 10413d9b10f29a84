"""Reading a Procfile, and the process that each of its lines is."""

import re
import shlex
from collections.abc import Mapping

from gobp.buildpack.component import DetectContext
from gobp.buildpack.switches import is_on
from gobp.cnb.bindings import of_type
from gobp.cnb.launch import Process
from gobp.errors import UserError

DEFAULT_VARIABLE = "BP_PROCFILE_DEFAULT_PROCESS"
_FILE = "Procfile"
_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
_DEFAULTS = ("web", "worker")
# What only a shell understands; quotes and backslashes are words' own.
_SHELL_SYNTAX = re.compile(r"[$`&|;<>(){}*?\[~#!\n]|^\s*\w+=")


def read_commands(context: DetectContext) -> dict[str, str]:
    """Return each process type's command line: variable, then Procfile, then binding (last wins).

    Raises UserError on a line that is no ``type: command``.
    """
    commands: dict[str, str] = {}
    if default := context.env.get(DEFAULT_VARIABLE, "").strip():
        commands["web"] = default
    if context.app.has(_FILE):
        commands |= parse_procfile(context.app.read_text(_FILE), source=_FILE)
    return commands | _bound(context)


def _bound(context: DetectContext) -> dict[str, str]:
    bindings = of_type(context.bindings, "Procfile")
    if not bindings:
        return {}
    if len(bindings) > 1:
        raise UserError(
            f"there are {len(bindings)} bindings of type Procfile",
            detail="\n".join(binding.name for binding in bindings),
            remedy="keep one of them.",
        )
    text = bindings[0].secrets.get(_FILE)
    if text is None:
        raise UserError(
            f"the binding {bindings[0].name} of type Procfile has no key named Procfile",
            remedy="put the lines of the Procfile under the key Procfile.",
        )
    return parse_procfile(text, source=f"binding {bindings[0].name}")


def parse_procfile(text: str, *, source: str) -> dict[str, str]:
    """Read lines of ``type: command``; empty lines and ``#`` comments are passed over."""
    commands: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise UserError(
                f"{source}:{number}: {stripped!r} is not a process",
                remedy="write a type, a colon and a command, such as 'web: server --port 8080'; "
                "a type holds letters, digits, '-' and '_'.",
            )
        if match[1] in commands:
            raise UserError(
                f"{source}:{number}: the process type {match[1]!r} is there twice",
                remedy="give each process a type of its own.",
            )
        commands[match[1]] = match[2]
    return commands


def launch_processes(commands: Mapping[str, str], env: Mapping[str, str]) -> tuple[Process, ...]:
    """Return the processes sorted by type; the first of ``web`` and ``worker`` is the default."""
    by_lower = {name.lower(): name for name in commands}
    default = next((by_lower[name] for name in _DEFAULTS if name in by_lower), None)
    always_direct = is_on(env, "BP_DIRECT_PROCESS")
    return tuple(
        Process(
            type=name,
            command=_words(name, commands[name], always_direct=always_direct),
            default=name == default,
        )
        for name in sorted(commands)
    )


def _words(name: str, line: str, *, always_direct: bool) -> tuple[str, ...]:
    """Return what to execute: the words themselves, or a shell where the line is written for one.

    Small run images have no shell, so one is used only where the line needs it.
    """
    if _SHELL_SYNTAX.search(line) and not always_direct:
        return ("sh", "-c", line)
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        raise UserError(
            f"the process {name!r} cannot be read: {str(error).lower()}",
            detail=f"{name}: {line}",
            remedy="close every quote in the command.",
        ) from error
