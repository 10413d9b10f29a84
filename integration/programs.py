"""Real programs as apps: their released sources, had through the module proxy.

Sources are kept in ``~/.cache/gobp/integration`` (or below ``XDG_CACHE_HOME``).
"""

import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DOWNLOAD_SECONDS = 300


class ProgramUnreachable(Exception):  # noqa: N818 - a reason to skip, not an error
    """The sources are not cached here and the module proxy does not give them."""


@dataclass(frozen=True, slots=True)
class Program:
    """A released program, and how to see that it works.

    ``checks`` maps a process type to the arguments it gets and a text it must then print.
    """

    module: str
    version: str
    sum: str
    checks: Mapping[str, tuple[tuple[str, ...], str]]
    env: Mapping[str, str] = field(default_factory=dict)


PROGRAMS: Mapping[str, Program] = {
    "age": Program(
        "filippo.io/age",
        "v1.3.2",
        "h1:r6RSZLFSMm6rzKepZ7ZAYkKCu14f3/Me8c7uKYh7C8c=",
        {
            "age": (("--help",), "age --decrypt"),
            "age-keygen": ((), "AGE-SECRET-KEY-1"),
        },
        {"BP_GO_TARGETS": "./cmd/age:./cmd/age-keygen"},
    ),
    "hey": Program(
        "github.com/rakyll/hey",
        "v0.1.5",
        "h1:oc3QhpT8ETXcr5xIE2xgWYNSNA/Z52XA20ku9hWCchY=",
        {"hey": (("-n", "1", "-c", "1", "http://127.0.0.1:9/"), "connection refused")},
    ),
    "yq": Program(
        "github.com/mikefarah/yq/v4",
        "v4.54.2",
        "h1:b9g8xQc/1v8T7FZhBtPlsAynEkI8FvRfGTS0FGACgto=",
        {"yq": (("--null-input", ".colour = 12"), "colour: 12")},
    ),
    "pprof": Program(
        "github.com/google/pprof",
        "v0.0.0-20260906184651-6331bc6350fe",
        "h1:QAinXoAFJdGQYztXn3VpFey7KCwpedbZ/EkzbplQ0cY=",
        {"pprof": (("-h",), "Produce output in the specified format")},
    ),
}


def sources(program: Program) -> Path:
    """Return the program's sources as a writable directory, downloaded at most once.

    Raises ProgramUnreachable with the go command's own words.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gobp/integration"
    target = base / f"{program.module.replace('/', '_')}@{program.version}"
    if not target.is_dir():
        base.mkdir(parents=True, exist_ok=True)
        _copy_writable(_download(program), target)
    return target


def _download(program: Program) -> Path:
    """Have the go command fetch and verify the module; return its directory in the cache."""
    query = f"{program.module}@{program.version}"
    try:
        done = subprocess.run(
            ["go", "mod", "download", "-json", query],
            cwd=tempfile.gettempdir(),  # no go.mod above it decides anything
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as trouble:
        raise ProgramUnreachable(f"{query}: {trouble}") from trouble
    if done.returncode != 0:
        raise ProgramUnreachable(f"{query}: {done.stdout}{done.stderr}")
    module = json.loads(done.stdout)
    assert module["Sum"] == program.sum, f"{query} is not the module that was pinned"
    return Path(module["Dir"])


def _copy_writable(source: Path, target: Path) -> None:
    """Copy a tree of the read-only module cache; ``target`` appears whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        copy = Path(work) / "sources"
        shutil.copytree(source, copy)
        for path in [copy, *copy.rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
        copy.rename(target)
