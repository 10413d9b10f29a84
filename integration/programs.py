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
        "v4.53.2",
        "h1:ZPIUjpgh4ACOKW98PXvr4o4dlaRjSOLLa6gS1t7FrAo=",
        {"yq": (("--null-input", ".colour = 12"), "colour: 12")},
    ),
    "nats-server": Program(
        "github.com/nats-io/nats-server/v2",
        "v2.15.2",
        "h1:yLsgt2kslgymvxvjFq1WGWck5hkat2YYfbXvQ145tzU=",
        {"nats-server": (("--version",), "nats-server: v2")},
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

    Raises ProgramUnreachable with the go command's own words, also when a module that the program
    imports is not to be had: what fails here would fail in the build, and be no fault of gobp's.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gobp/integration"
    target = base / _query(program).replace("/", "_")
    if not target.is_dir():
        base.mkdir(parents=True, exist_ok=True)
        module = json.loads(_go(["mod", "download", "-json", _query(program)], base))
        assert module["Sum"] == program.sum, f"{program.module} is not the module that was pinned"
        _go(["list", "-deps", "./..."], Path(module["Dir"]))
        _copy_writable(Path(module["Dir"]), target)
    return target


def _query(program: Program) -> str:
    return f"{program.module}@{program.version}"


def _go(arguments: list[str], directory: Path) -> str:
    """Run the go command, which verifies what it downloads; return what it prints."""
    try:
        done = subprocess.run(
            ["go", *arguments],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as trouble:
        raise ProgramUnreachable(str(trouble)) from trouble
    if done.returncode != 0:
        raise ProgramUnreachable(f"go {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


def _copy_writable(source: Path, target: Path) -> None:
    """Copy a tree of the read-only module cache; ``target`` appears whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        copy = Path(work) / "sources"
        shutil.copytree(source, copy)
        for path in [copy, *copy.rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
        copy.rename(target)
