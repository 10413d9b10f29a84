"""Build services for tests: ``gobp serve builds`` and ``gobp worker`` as processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import HTTPRedirectHandler, Request, build_opener

from integration.module_servers import ModuleServer, running

BUILD_SECONDS = 300
STOP_SECONDS = 60
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
WARM = _CACHE / "gobp/integration/builds-warm"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one request; redirects are not followed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Leave redirects to who asks."""


def ask(
    url: str,
    method: str = "GET",
    document: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request, ``document`` as JSON."""
    body = None if document is None else json.dumps(document).encode()
    sent = {**({"Content-Type": "application/json"} if body else {}), **(headers or {})}
    request = Request(url, data=body, method=method, headers=sent)
    try:
        with build_opener(_NoRedirects).open(request, timeout=120) as answer:
            return Answer(answer.status, dict(answer.headers.items()), answer.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers.items()), error.read())


def download(url: str) -> Answer:
    """Follow redirects, as ``curl -L`` does, to what is there in the end."""
    answer = ask(url)
    while answer.status in {301, 302, 303, 307, 308}:
        url = urljoin(
            url, {name.lower(): value for name, value in answer.headers.items()}["location"]
        )
        answer = ask(url)
    return answer


def wait_for(server: ModuleServer, build_id: str, seconds: float = BUILD_SECONDS) -> Any:
    """Return a build once it is over; fail with the server's log where it takes too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask(f"{server.url}/api/v1/builds/{build_id}")
        assert answer.status == 200, answer
        if answer.json["state"] not in {"queued", "running"}:
            return answer.json
        time.sleep(0.2)
    raise AssertionError(f"build {build_id} does not end:\n{server.logged()}")


@contextlib.contextmanager
def building(
    settings: Mapping[str, Any], folder: Path, *, env: Mapping[str, str] | None = None
) -> Iterator[ModuleServer]:
    """Run a build service with these settings until the block ends (see module_servers.running).

    The compiled standard libraries are those of all tests: any number of processes may share them.
    """
    warm = folder / "root/warm"
    if not warm.exists():
        WARM.mkdir(parents=True, exist_ok=True)
        warm.parent.mkdir(parents=True, exist_ok=True)
        warm.symlink_to(WARM)
    with running(settings, folder, env=env, kind="builds") as server:
        yield server


@contextlib.contextmanager
def worker(
    folder: Path, name: str, *, env: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run gobp worker with the settings of the server of ``folder`` until the block ends."""
    with (folder / f"{name}.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gobp", "worker", "--config", str(folder / "settings.yaml")],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
