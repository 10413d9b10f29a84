"""Which module proxy runs on this machine for this user: it says so in a file while it runs.

The file is ``$XDG_RUNTIME_DIR/gobp/modules.json``, or, where there is no such folder,
``gobp/modules.json`` in the user's cache. Builds read it, in which nothing but the standard
library is at hand.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from gobp.system.files import write_atomically

_MOST_BYTES = 4096
_SECONDS_TO_ANSWER = 0.5


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy: its URL, its main process, and whether it gives modules to who does not log in."""

    url: str
    pid: int
    anonymous: bool


@contextmanager
def announced(running: Running, env: Mapping[str, str]) -> Iterator[None]:
    """Let builds know of a proxy until the block ends; without a URL, as of a socket, do nothing.

    Of several proxies of a user the one that was started last is known.
    """
    path = _path(env)
    if not running.url:
        yield
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(running)).encode(), mode=0o600)
    except OSError:  # a proxy in a container has no folder of a user: nobody would look there
        yield
        return
    try:
        yield
    finally:
        if _read(path) == running:
            path.unlink(missing_ok=True)


def find_running(env: Mapping[str, str]) -> Running | None:
    """Return the proxy that builds of this user can use without logging in, None for none."""
    running = _read(_path(env))
    if running is None or not running.anonymous:
        return None
    return running if _is_alive(running.pid) and _answers(running.url) else None


def _path(env: Mapping[str, str]) -> Path:
    runtime = env.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime, "gobp", "modules.json")
    cache = env.get("XDG_CACHE_HOME") or f"{env.get('HOME') or Path.home()}/.cache"
    return Path(cache, "gobp", "modules.json")


def _read(path: Path) -> Running | None:
    """Return what a file says, None for one that is not there, not ours or not right."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():  # somebody else's word
                return None
            document = json.loads(file.read(_MOST_BYTES))
        url, pid = document["url"], document["pid"]
        known = Running(url, pid, document["anonymous"] is True)
        right = url.startswith(("http://", "https://")) and pid > 0
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return known if right else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is there, and not ours
        pass
    return True


def _answers(url: str) -> bool:
    """Say whether the proxy is healthy; it is asked without forward proxies."""
    from http.client import HTTPException  # noqa: PLC0415 # few builds come here
    from urllib.request import ProxyHandler, build_opener  # noqa: PLC0415 # as above

    try:
        answer = build_opener(ProxyHandler({})).open(f"{url}/healthz", timeout=_SECONDS_TO_ANSWER)
    except (OSError, ValueError, HTTPException):
        return False
    with answer:
        return bool(answer.status == 200)
