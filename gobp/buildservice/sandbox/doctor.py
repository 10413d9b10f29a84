"""Find out which walls and limits really hold here, by running commands against each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from gobp.buildservice.sandbox.bubblewrap import BubblewrapSandbox
from gobp.buildservice.sandbox.sandbox import Command, Ended, Limits, Result, Sandbox
from gobp.buildservice.sandbox.unsandboxed import Unsandboxed

_MIB = 1024 * 1024
_LIMITS = Limits(
    memory=128 * _MIB, processes=32, disk=64 * _MIB, file=32 * _MIB, output=_MIB, seconds=10
)
_WORK = "/work"
_LOOKING = "counted ten times a second"
_BOUNDS = "gobp"
_WALLS = "namespaces"


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether something ``holds``, and what keeps it (``by``)."""

    name: str
    holds: bool
    by: str


@dataclass(frozen=True, slots=True)
class _Trial:
    """A command that tries to do what it must not; ``holds`` judges how it ended and what it said.

    ``by`` are what keeps it with a control group and without.
    """

    name: str
    script: str
    holds: Callable[[Result, str], bool]
    by: tuple[str, str]


def _ended(why: Ended) -> Callable[[Result, str], bool]:
    return lambda result, _: result.ended is why


def _says(text: str) -> Callable[[Result, str], bool]:
    return lambda _, said: text in said


_TRIALS = (
    _Trial("a small command runs", "echo fine", _says("fine"), ("sh", "sh")),
    _Trial(
        "limit of memory",
        "head -c 512M /dev/zero | tail -c 400M | wc -c; sleep 5",
        _ended(Ended.OUT_OF_MEMORY),
        ("", _LOOKING),
    ),
    _Trial(
        "limit of processes",
        "i=0; while [ $i -lt 64 ]; do sleep 5 & i=$((i+1)); done; echo too many",
        lambda _, said: "too many" not in said,
        ("", "RLIMIT_NPROC"),
    ),
    _Trial(
        "limit of disk",
        "for i in 1 2 3 4 5; do head -c 20M /dev/zero > f$i; done; sleep 5",
        _ended(Ended.TOO_MUCH_DISK),
        (_LOOKING, _LOOKING),
    ),
    _Trial(
        "limit of a file",
        "head -c 40M /dev/zero > f; wc -c < f",
        _says(f"{32 * _MIB}"),
        ("RLIMIT_FSIZE", "RLIMIT_FSIZE"),
    ),
    _Trial("limit of output", "exec yes", _ended(Ended.TOO_MUCH_OUTPUT), (_BOUNDS, _BOUNDS)),
    _Trial("limit of time", "exec sleep 60", _ended(Ended.OUT_OF_TIME), (_BOUNDS, _BOUNDS)),
    _Trial(
        "no network but modules",
        "grep -c : /proc/net/dev",
        lambda _, said: said.strip() == "1",
        (_WALLS, _WALLS),
    ),
    _Trial(
        "no files of this machine",
        "ls /root /home /var /etc/shadow 2>&1 | grep -v -e build -e 'No such' || echo none",
        lambda _, said: "/etc/shadow" not in said and "/var" not in said,
        (_WALLS, _WALLS),
    ),
    _Trial(
        "no other processes",
        "ls -d /proc/[0-9]* | wc -l",
        lambda _, said: said.strip().isdecimal() and int(said) < 10,
        (_WALLS, _WALLS),
    ),
    _Trial(
        "no rights to be had",
        "grep -c -e '^CapBnd:.0*$' -e '^NoNewPrivs:.1' -e '^Seccomp:.2' /proc/self/status",
        lambda _, said: said.strip() == "3",
        ("capabilities, no_new_privs, seccomp",) * 2,
    ),
)


def examine(sandbox: Sandbox, folder: Path) -> Iterator[Finding]:
    """Yield what was found, one after the other; ``folder`` is an empty one. Raises SandboxError.

    What is tried takes some seconds, less than 200 MiB of memory and 100 MiB of disk.
    """
    groups = _groups_of(sandbox)
    for trial in _TRIALS:
        work = folder / trial.name.replace(" ", "-")
        work.mkdir()
        result, said = _run(sandbox, trial.script, work)
        by = trial.by[0] or groups if groups else trial.by[1]
        yield Finding(trial.name, trial.holds(result, said), by)
    yield _nothing_left(sandbox, folder)


def _run(sandbox: Sandbox, script: str, work: Path) -> tuple[Result, str]:
    said: list[str] = []
    env: Mapping[str, str] = {"PATH": "/usr/bin:/bin"}
    command = Command(["sh", "-c", script], _WORK, env, writable={work: _WORK}, modules=False)
    return sandbox.run(command, _LIMITS, said.append, Event()), "\n".join(said)


def _nothing_left(sandbox: Sandbox, folder: Path) -> Finding:
    """Leave a daemon behind, and a file that nobody may read."""
    work = folder / "left"
    work.mkdir()
    script = "setsid sh -c 'while :; do date > beat; sleep 0.05; done' & mkdir d; chmod 0 d; exit"
    _run(sandbox, script, work)
    (work / "beat").unlink(missing_ok=True)
    Event().wait(0.3)
    gone = not (work / "beat").exists() and not list((work / "d").iterdir())
    by = _WALLS if isinstance(sandbox, BubblewrapSandbox) else _groups_of(sandbox) or "sessions"
    return Finding("nothing is left behind", gone, by)


def _groups_of(sandbox: Sandbox) -> str:
    """Return the name of the control groups that a sandbox uses, "" for none."""
    match sandbox:
        case BubblewrapSandbox():
            groups = sandbox.machine.groups
        case Unsandboxed():
            groups = sandbox.groups
        case _:
            groups = None
    return groups.name if groups else ""
