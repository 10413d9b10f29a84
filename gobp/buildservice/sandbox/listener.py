"""A socket that listens inside a sandbox, and is served from outside."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from gobp.buildservice.sandbox.sandbox import SandboxError

PORT = 3128  # of the sandbox's own network, in which nothing else listens
_PROGRAM = Path(__file__).with_name("injecting.py")
_SECONDS = 20


def listen_inside(pid: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1:PORT of a process's network. SandboxError."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        handle = theirs.fileno()
        argv = [sys.executable, "-I", "-S", str(_PROGRAM), str(pid), str(PORT), str(handle)]
        try:
            done = subprocess.run(
                argv,
                pass_fds=(handle,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SandboxError("no listener was made inside the sandbox in time") from None
        if done.returncode != 0:
            raise SandboxError(f"no listener can be made inside: {_last_line(done.stderr)}")
        _, handles, _, _ = socket.recv_fds(ours, 1, 1)
    os.set_inheritable(handles[0], False)  # noqa: FBT003 # its only parameter
    return socket.socket(fileno=handles[0])


def _last_line(text: bytes) -> str:
    return (text.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"])[-1]
