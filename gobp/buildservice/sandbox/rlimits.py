"""Resource limits: what the kernel keeps for each process, or for each user namespace."""

from collections.abc import Sequence

from gobp.buildservice.sandbox.sandbox import Limits

_OPEN_FILES = 4096
_BLOCK = 512  # bytes, in which POSIX's ulimit counts files
_KILOBYTE = 1024
_NO_SUCH_LIMIT = 125


def limited(argv: Sequence[str], limits: Limits, *, grouped: bool, others: int = 0) -> list[str]:
    """Return a command that sets its limits, for itself and all it starts, and becomes ``argv``.

    The shell does it inside: the limit of processes is one of the user namespace that it was set
    in (since Linux 5.14). Where a command has none of its own, ``others`` counts with it. Where it
    is ``grouped``, a control group counts memory and processes; else one process can take no more
    than twice the limit of memory before it is seen.
    """
    wanted = {"c": 0, "n": _OPEN_FILES, "f": limits.file // _BLOCK}
    if not grouped:
        wanted["d"] = 2 * limits.memory // _KILOBYTE
    lines = [f"ulimit -{flag} {value}" for flag, value in wanted.items()]
    if not grouped:  # dash and busybox write -p where bash writes -u
        most = limits.processes + others
        lines.append(f"{{ ulimit -p {most} || ulimit -u {most}; }} 2>&-")
    script = " && ".join(lines) + f' || exit {_NO_SUCH_LIMIT}; exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *argv]
