"""`make demo`: builds samples/web to an OCI image, starts it, and asks it for a page.

Everything goes through the command line that users have; nothing but Python, and Go from this
machine or a Go module proxy, is needed.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

_SAMPLE = Path("samples/web")
_IMAGE = Path("build/web.oci")
_WAIT_SECONDS = 20.0
_GOBP = (sys.executable, "-m", "gobp")


def main() -> int:
    """Build, start, ask, stop. Returns the exit status."""
    _say(f"gobp build {_SAMPLE} --tag demo/web --output {_IMAGE}")
    _IMAGE.parent.mkdir(exist_ok=True)
    argv = (*_GOBP, "build", str(_SAMPLE), "--tag", "demo/web", "--output", str(_IMAGE))
    if status := subprocess.run(argv, check=False).returncode:
        return status
    port = _free_port()
    _say(f"gobp run {_IMAGE} --env PORT={port}")
    server = subprocess.Popen((*_GOBP, "run", str(_IMAGE), "--env", f"PORT={port}"))
    try:
        answer = _ask(f"http://127.0.0.1:{port}/", server)
    finally:
        server.terminate()
        server.wait(10)
    if answer is None:
        print("the app did not answer", file=sys.stderr)
        return 1
    _say(f"GET http://127.0.0.1:{port}/")
    print(answer.strip())
    _say(f"gobp inspect {_IMAGE} --json")
    done = subprocess.run(
        (*_GOBP, "inspect", str(_IMAGE), "--json"), capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    print(f"image   demo/web for {found['platform']}, starts {' '.join(found['entrypoint'])}")
    print(f"digest  {found['digest']}")
    print(f"in      {_IMAGE.resolve()}")
    return 0


def _say(command: str) -> None:
    print(f"\n\033[1m$ {command}\033[0m" if sys.stdout.isatty() else f"\n$ {command}", flush=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _ask(url: str, server: "subprocess.Popen[bytes]") -> str | None:
    """Return the page once the server answers; None where it ends or stays silent."""
    os.environ["no_proxy"] = "127.0.0.1"
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return str(answer.read(100_000).decode())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    return None


if __name__ == "__main__":
    sys.exit(main())
