"""Servers for tests: ``gobp serve`` as a process, with settings of the test."""

import contextlib
import http.client
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from integration.docker import free_port

START_SECONDS = 60
STOP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ModuleServer:
    """A running server: its base URL (with base path), main process, root folder and log."""

    url: str
    process: "subprocess.Popen[bytes]"
    root: Path
    log: Path

    def logged(self) -> str:
        """Return what the server has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask the server to end, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextlib.contextmanager
def running(
    settings: Mapping[str, Any],
    folder: Path,
    *,
    env: Mapping[str, str] | None = None,
    ready: bool = True,
    kind: str = "modules",
) -> Iterator[ModuleServer]:
    """Run a server with these settings (as in the YAML file) until the block ends.

    ``kind`` is what it serves: modules or builds.

    What they leave out: ``root`` is ``folder / "root"``, ``listen`` a free port of the loopback
    interface, ``workers`` 1. ``env`` is added to this process's environment. The settings are in
    ``folder / "settings.yaml"``, what the server writes in ``folder / "server.log"``. Start it
    again with the same folder to see what a restart keeps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "root": str(folder / "root"),
        "listen": f"127.0.0.1:{free_port()}",
        "workers": 1,
        **settings,
    }
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    log = folder / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gobp", "serve", kind, "--config", str(file)],
            env={**os.environ, "XDG_RUNTIME_DIR": str(folder), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = ModuleServer(base_url(document), process, Path(document["root"]), log)
    try:
        if ready:
            wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def base_url(document: Mapping[str, Any]) -> str:
    """Return the URL at which settings have modules served, "" for a unix socket."""
    if document["listen"].startswith("unix:"):
        return ""
    scheme = "https" if document.get("tls") else "http"
    return f"{scheme}://{document['listen']}{document.get('base_path', '')}".rstrip("/")


def wait_until_ready(server: ModuleServer, seconds: float = START_SECONDS) -> None:
    """Wait until the server answers at all; fail with its log where it ends instead."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended:\n{server.logged()}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = connect(server.url)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.05)
    raise AssertionError(f"the server does not answer:\n{server.logged()}")


def connect(url: str) -> http.client.HTTPConnection:
    """Return a connection to a server of a test, whoever signed its certificate."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=anybody)
