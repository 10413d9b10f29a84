"""Resource limits: what the kernel keeps for each process, or for each user namespace."""

from collections.abc import Sequence

from gobp.buildservice.sandbox.sandbox import Limits

_OPEN_FILES = 4096
_BLOCK = 512  # bytes, in which POSIX's ulimit counts files
_KILOBYTE = 1024
_NO_SUCH_LIMIT = 125


def limited(argv: Sequence[str], limits: Limits, *, counts_memory: bool) -> list[str]:
    """Return a command that sets its limits, for itself and all it starts, and becomes ``argv``.

    The shell does it inside, as the limit of processes is one of the user namespace that it was
    set in (since Linux 5.14). ``counts_memory``: whether a control group does; else one process
    can take no more than twice the limit before it is seen.
    """
    wanted = {"c": 0, "n": _OPEN_FILES, "f": limits.file // _BLOCK}
    if not counts_memory:
        wanted["d"] = 2 * limits.memory // _KILOBYTE
    lines = [f"ulimit -{flag} {value}" for flag, value in wanted.items()]
    # dash and busybox write -p where bash writes -u.
    lines.append(f"{{ ulimit -p {limits.processes} || ulimit -u {limits.processes}; }} 2>&-")
    script = " && ".join(lines) + f' || exit {_NO_SUCH_LIMIT}; exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *argv]
