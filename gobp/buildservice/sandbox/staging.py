"""Run as a program, by root: become a user who need not be able to reach what is mounted.

``python -I -S staging.py UID GID PATH... -- PROGRAM ARGUMENT...`` makes PATHs, wherever they are,
``/tmp/0``, ``/tmp/1``, ... in a mount namespace of its own, then runs PROGRAM in it as that user,
who may not even be able to read Python: nothing is imported by then.
It imports nothing of gobp, and little of Python: it is started for each command.
"""

import ctypes
import os
import signal
import stat
import sys

_CLONE_NEWNS = 0x00020000
_MS_NOSUID_NODEV = 2 | 4
_MS_BIND_REC = 0x1000 | 0x4000
_MS_PRIVATE_REC = (1 << 18) | 0x4000
_LIBC = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Do it. Raises OSError where this machine does not allow it."""
    end = arguments.index("--")
    uid, gid = (int(number) for number in arguments[:2])
    _stage(arguments[2:end])
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python; it would be inherited
        signal.signal(ignored, signal.SIG_DFL)
    program = arguments[end + 1 :]
    os.execv(program[0], program)  # noqa: S606 # no shell is what is wanted


def _stage(paths: list[str]) -> None:
    _check(_LIBC.unshare(_CLONE_NEWNS), "unshare")
    _mount("none", "/", None, _MS_PRIVATE_REC)
    # Opened before /tmp is covered: they may be below it.
    handles = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in paths]
    _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID_NODEV, "mode=0755,size=1m")  # noqa: S108 # our own
    for number, handle in enumerate(handles):
        target = f"/tmp/{number}"  # noqa: S108 # as above
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            os.mkdir(target)  # noqa: PTH102 # pathlib is slow to import
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        _mount(f"/proc/self/fd/{handle}", target, None, _MS_BIND_REC)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    kind_bytes = kind.encode() if kind else None
    done = _LIBC.mount(
        os.fsencode(source), os.fsencode(target), kind_bytes, flags, data.encode() or None
    )
    _check(done, f"mount {target}")


def _check(done: int, what: str) -> None:
    if done != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(sys.argv[1:])
