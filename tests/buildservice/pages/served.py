"""Serve a small build service in a process of its own, as browsers and scripts need it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from tests.buildservice.pages.small_service import SmallService

ROOT, SETTINGS = "SMALL_ROOT", "SMALL_SETTINGS"
_SECONDS = 30


def make() -> ASGIApp:
    """Return the application of the process that this is."""
    settings = json.loads(os.environ[SETTINGS])
    return SmallService.of(Path(os.environ[ROOT]), **settings).app


@dataclass(slots=True)
class Served:
    """A service that is served at ``url``; ``small`` is the same service in this process."""

    url: str
    small: SmallService
    settings: dict[str, object]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].partition("/")[0])

    def start(self) -> None:
        """Serve, and wait until there is an answer."""
        argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory"]
        argv += ["--host", "127.0.0.1", "--port", str(self.port), f"{__name__}:make"]
        env = {**os.environ, ROOT: str(self.small.root), SETTINGS: json.dumps(self.settings)}
        with (self.small.root / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                argv, env=env, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError((self.small.root / "server.log").read_text())

    def kill(self) -> None:
        """End the server and its worker at once."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def serving(root: Path, **settings: object) -> Iterator[Served]:
    """Serve a small service below a folder until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = settings.get("base_path", "")
    served = Served(f"http://127.0.0.1:{port}{base}", SmallService.of(root, **settings), settings)
    served.start()
    try:
        yield served
    finally:
        served.kill()
