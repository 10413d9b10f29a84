"""A real PostgreSQL server for tests: its own folder, a free port of the loopback interface."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_START_SECONDS = 30


@contextlib.contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a server and give a connection string of it; skip the test where there is none."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        pytest.skip("PostgreSQL (Debian package postgresql) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="gobp-pg-", dir="/var/tmp"))
    user = _give_to_server_user(folder)
    data, log = folder / "data", folder / "log"
    subprocess.run(
        [binaries[-1], "-D", data, "-A", "trust", "-U", "gobp", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user,
        cwd=folder,
    )
    port = _free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(binaries[-1].with_name("postgres")), *_options(data, port)],
            stdout=output,
            stderr=output,
            user=user,
            cwd=folder,
        )
    conninfo = f"postgresql://gobp@127.0.0.1:{port}/postgres"
    try:
        _wait_for(conninfo, process, log)
        yield conninfo
    finally:
        process.terminate()
        process.wait(_START_SECONDS)
        shutil.rmtree(folder)


def _options(data: Path, port: int) -> list[str]:
    return ["-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"]


def _give_to_server_user(folder: Path) -> int | None:
    """Return who runs the server: it refuses to be run by root."""
    if os.getuid():
        return None
    user = pwd.getpwnam("postgres").pw_uid
    os.chown(folder, user, -1)
    return user


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(conninfo: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(conninfo).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"PostgreSQL does not start:\n{log.read_text()}")
