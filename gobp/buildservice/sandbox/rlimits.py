"""How a command begins: when it may, and with limits that the kernel keeps for each process."""

from collections.abc import Sequence

from gobp.buildservice.sandbox.sandbox import Limits

_OPEN_FILES = 4096
_BLOCK = 512  # bytes, in which POSIX's ulimit counts files
_KILOBYTE = 1024
_NOT_BEGUN = 125
_BEGIN = 'exec "$@" </dev/null'


def limited(argv: Sequence[str], limits: Limits, *, grouped: bool, others: int = 0) -> list[str]:
    """Return a command that waits, sets limits for itself and all it starts, and is ``argv`` then.

    It waits for a line on its standard input. Where that ends without one, whoever is to look after
    the command is gone, and it is not begun.

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
    script = f"{' && '.join(['read -r _', *lines])} || exit {_NOT_BEGUN}; {_BEGIN}"
    return ["/bin/sh", "-c", script, "sh", *argv]
