"""Real lock servers on the loopback interface, for tests."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_START_SECONDS = 30


@contextlib.contextmanager
def redis_server(folder: Path, port: int = 0) -> Iterator[str]:
    """Run a Redis server and give its URL; skip the test where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server (Debian package redis-server) is not installed")
    port = port or free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


def free_port() -> int:
    """Return a port on which nothing listens just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise AssertionError("redis-server does not start")
