"""Run as a program: listen inside the network namespace of another process.

``python -I -S injecting.py PID PORT FD`` sends the socket that listens on 127.0.0.1:PORT, where
process PID sees it, through the Unix socket FD. A process with one thread is needed for it: only
such a one may enter a user namespace. It imports nothing of gobp (see staging.py).
"""

import ctypes
import fcntl
import os
import socket
import sys

_NS_GET_USERNS = 0xB701  # the user namespace that owns a namespace: ioctl_ns(2)
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_IP_FREEBIND = 15  # the loopback device may not be up yet
_WAITING = 128
_ROOT = 0


def main(pid: int, port: int, handle: int) -> None:
    """Do it. Raises OSError where this machine does not allow it."""
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    if os.geteuid() != _ROOT:  # who has the right already must not enter it: it would lose others
        _enter(fcntl.ioctl(network, _NS_GET_USERNS), _CLONE_NEWUSER)
    _enter(network, _CLONE_NEWNET)
    with socket.socket() as listener, socket.socket(fileno=handle) as channel:
        listener.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_WAITING)
        socket.send_fds(channel, [b"."], [listener.fileno()])


def _enter(namespace: int, kind: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, kind) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), f"namespace {kind:#x}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
