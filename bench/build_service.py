"""Measures `gobp serve builds` by itself: answers a second beside nginx, waits, and what it adds.

Status and downloads are asked for by wrk from one process of the server, and the same archive from
nginx with one worker. A POST's wait is until the log says that the build was started. What the
service adds is its build of a module, sandbox, archive, proof and publication included, over the
bare `go build` of the same module in a folder, cold and with the standard library compiled.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.report import Absent, Value, record, table
from integration.build_servers import ask, building, download, wait_for
from integration.module_servers import ModuleServer
from integration.web_servers import nginx

ROUNDS = 5
_MODULE, _VERSION = "github.com/rakyll/hey", "v0.1.4"
_TARGETS = ("linux/arm64", "linux/riscv64", "linux/ppc64le", "linux/s390x", "freebsd/amd64")
_FLAGS = ("-trimpath", "-buildvcs=false", "-ldflags=-buildid=")
_SETTINGS: dict[str, Any] = {
    "log": {"requests": "off"},
    "access": {"quota": {"requests": 1_000_000, "builds": 1_000_000, "waiting": 10_000}},
    "queue": {"slots": 1},
}


def run(rounds: int) -> None:
    """Measure. Raises Absent."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Absent("wrk is not installed (apt-get install wrk)")
    with tempfile.TemporaryDirectory(prefix="gobp-bench-") as name:
        folder = Path(name)
        with building(_SETTINGS, folder / "service") as server:
            posted = ask(f"{server.url}/{_MODULE}/linux/amd64/{_VERSION}", "POST")
            first = wait_for(server, posted.json["build_id"])
            _answers(wrk, server, first, folder)
            _waits(server, rounds)
        _builds(folder, rounds)


def _answers(wrk: str, server: ModuleServer, build: Mapping[str, Any], folder: Path) -> None:
    """Ask for a build's state and for its archive, and nginx for the same file."""
    url = f"{server.url}/{_MODULE}/linux/amd64/{_VERSION}"
    (archive,) = [each for each in build["artifacts"] if each["kind"] == "archive"]
    path = f"{url}/{archive['name']}"
    content = download(url).body
    root = folder / "nginx"
    root.mkdir()
    (root / archive["name"]).write_bytes(content)
    with nginx(root, folder / "nginx-work") as other:
        sides = {
            "state of a build": f"{server.url}/api/v1/builds/{build['id']}",
            "redirect to the archive": url,
            f"archive of {len(content) / 1e6:.1f} MB": path,
            "the same from nginx": f"{other}/{archive['name']}",
        }
        rows = [_load(wrk, what, target) for what, target in sides.items()]
    table(rows)


def _load(wrk: str, what: str, url: str) -> dict[str, Value]:
    done = subprocess.run(
        [wrk, "-t1", "-c16", "-d4s", "--latency", url], capture_output=True, text=True, check=True
    )
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)[0])
    size, unit = re.findall(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", done.stdout)[0]
    megabytes = float(size) * {"": 1e-6, "K": 1e-3, "M": 1, "G": 1e3}[unit]
    p50, p99 = (
        re.findall(rf"^\s+{percent}%\s+(\S+)", done.stdout, re.MULTILINE)[0] for percent in (50, 99)
    )
    row: dict[str, Value] = {
        "16 connections": what,
        "requests/s": rate,
        "MB/s": megabytes,
        "p50": p50,
        "p99": p99,
    }
    record(bench="build_service", test="answers", **row)
    return row


def _waits(server: ModuleServer, rounds: int) -> None:
    """Take the time from a POST until its build has a worker, with nothing else to do."""
    waits, posts = [], []
    for number, target in enumerate(_TARGETS[:rounds]):
        begin = time.time()
        posted = ask(f"{server.url}/{_MODULE}/{target}/{_VERSION}", "POST")
        posts.append(time.time() - begin)
        build = wait_for(server, posted.json["build_id"])
        waits.append(_seconds(build, "created", "started"))
        record(bench="build_service", test="wait", round=number, ms=round(waits[-1] * 1000, 1))
    print(f"POST answered after {statistics.median(posts) * 1000:.0f} ms (resolved by go);")
    print(f"a worker has its build after {statistics.median(waits) * 1000:.1f} ms")


def _seconds(build: Mapping[str, Any], begin: str, end: str) -> float:
    first, last = (datetime.fromisoformat(build[name]) for name in (begin, end))
    return (last - first).total_seconds()


def _builds(folder: Path, rounds: int) -> None:
    """Build by the service and by hand, cold and warm, in turn."""
    seconds: dict[str, list[float]] = {}
    for number in range(min(rounds, 3)):
        place = folder / f"round{number}"
        with building(_SETTINGS, place) as server:
            for case in ("cold", "warm"):
                version = _VERSION if case == "cold" else "v0.1.3"
                posted = ask(f"{server.url}/{_MODULE}/linux/amd64/{version}", "POST")
                build = wait_for(server, posted.json["build_id"])
                if build["state"] != "succeeded":
                    raise RuntimeError(f"{build}\n{server.logged()}")
                seconds.setdefault(f"{case}, the service", []).append(
                    _seconds(build, "started", "ended")
                )
        with _module(place / "by-hand", _VERSION) as (source, env):
            seconds.setdefault("cold, bare go build", []).append(_go_build(source, env))
        with _module(place / "by-hand", "v0.1.3") as (source, env):
            seconds.setdefault("warm, bare go build", []).append(_go_build(source, env))
    medians = {what: statistics.median(values) for what, values in seconds.items()}
    rows: list[dict[str, Value]] = [
        {
            "build": what,
            "seconds": f"{median:.2f}",
            "x bare": f"{median / medians[f'{what[:4]}, bare go build']:.2f}",
        }
        for what, median in sorted(medians.items())
    ]
    for row in rows:
        record(bench="build_service", test="build", **row)
    table(rows)


@contextmanager
def _module(folder: Path, version: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a module's source to build in, its modules downloaded, and go's environment."""
    env = {
        **os.environ,
        "GOMODCACHE": str(folder / "mod"),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "-modcacherw",
        "CGO_ENABLED": "0",
    }
    folder.mkdir(parents=True, exist_ok=True)
    found = subprocess.run(
        ["go", "mod", "download", "-json", f"{_MODULE}@{version}"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    source = folder / version
    shutil.copytree(json.loads(found.stdout)["Dir"], source)
    yield source, env


def _go_build(source: Path, env: dict[str, str]) -> float:
    begin = time.monotonic()
    subprocess.run(
        ["go", "build", *_FLAGS, "-o", str(source / "out"), "."],
        cwd=source,
        env=env,
        check=True,
        capture_output=True,
    )
    return time.monotonic() - begin
