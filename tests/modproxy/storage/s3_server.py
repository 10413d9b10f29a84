"""A real S3 server of the tests' own, with its objects as files of a folder."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ACCESS_KEY, SECRET_KEY = "test-access-key", "test-secret-key"
BUCKET = "modules"
_PROGRAM = shutil.which("versitygw") or "/opt/cnb/bin/versitygw"
_START_SECONDS = 30


@dataclass
class S3Server:
    """``objects`` is the folder of the bucket."""

    port: int
    objects: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        """Return its URL."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self, folder: Path) -> dict[str, object]:
        """Return the section ``store`` for a proxy; its keys are in a file of the folder."""
        keys = folder / "s3-keys"
        keys.write_text(f"{ACCESS_KEY}\n{SECRET_KEY}\n", encoding="ascii")
        return {
            "url": f"s3://{BUCKET}/go",
            "endpoint": self.endpoint,
            "allow_http": True,
            "access_key_file": str(keys),
        }

    def start(self) -> None:
        """Start it, on its port."""
        self.process = subprocess.Popen(
            [
                *(_PROGRAM, "--port", f"127.0.0.1:{self.port}", "--quiet"),
                *("posix", "--sidecar", str(self.objects.parent.with_name("sidecar"))),
                str(self.objects.parent),
            ],
            env={
                **os.environ,
                "ROOT_ACCESS_KEY_ID": ACCESS_KEY,
                "ROOT_SECRET_ACCESS_KEY": SECRET_KEY,
                "ROOT_ACCESS_KEY": ACCESS_KEY,
                "ROOT_SECRET_KEY": SECRET_KEY,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        raise AssertionError("versitygw does not start")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stored(self) -> set[str]:
        """Return the keys of all objects, without the prefix."""
        top = self.objects / "go"
        return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Run a server; skip the test where there is none."""
    if not Path(_PROGRAM).exists():
        pytest.skip("versitygw is not installed")
    objects = folder / "s3" / BUCKET
    objects.mkdir(parents=True)
    (folder / "sidecar").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = S3Server(free.getsockname()[1], objects)
    server.start()
    try:
        yield server
    finally:
        server.stop()
