"""A real PostgreSQL server that tests may stop, break and start again."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_SECONDS = 30


class PostgresqlServer:
    """A server with a folder of its own, on a free port of the loopback interface."""

    def __init__(self, folder: Path, binaries: Path, user: int | None) -> None:
        self._folder = folder
        self._binaries = binaries
        self._user = user
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.conninfo = f"postgresql://gobp@127.0.0.1:{self._port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["-D", "data", "-h", "127.0.0.1", "-p", str(self._port), "-k", "", "-F"]
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                [str(self._binaries / "postgres"), *options],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._folder,
            )
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.conninfo).close()
                return
            time.sleep(0.05)
        raise AssertionError((self._folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT is pg_ctl's mode immediate, SIGINT its mode fast."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(_SECONDS)

    def empty(self) -> None:
        """Remove all tables."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")


@contextlib.contextmanager
def postgresql() -> Iterator[PostgresqlServer]:
    """Run a server; skip the test where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL (Debian package postgresql) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="gobp-builds-", dir="/var/tmp"))
    user = None
    if os.getuid() == 0:  # which PostgreSQL refuses to run as
        user = pwd.getpwnam("postgres").pw_uid
        os.chown(folder, user, -1)
    make = [str(found[-1]), "-D", "data", "-A", "trust", "-U", "gobp", "--no-sync"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
    server = PostgresqlServer(folder, found[-1].parent, user)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGINT)
        shutil.rmtree(folder)
