"""The apps that builds are measured on, and what happens to them between two builds."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.report import Absent
from integration.lab import ROOT
from integration.programs import PROGRAMS, ProgramUnreachable, sources

_EDIT = "\nvar benchEdit int\n\nfunc init() {{ benchEdit = {} }}\n"  # so that the program changes
_MODULE = "github.com/rs/xid"
_VERSION = "v1.6.0"
_IMPORT = f'package main\n\nimport _ "{_MODULE}"\n'


@dataclass(frozen=True, slots=True)
class App:
    """An app: its targets as go names them, and the file of package main that is edited.

    ``program`` is its name in ``integration.programs``, "" for a folder of samples/.
    """

    name: str
    targets: tuple[str, ...]
    edited: str
    program: str = ""

    def source(self) -> Path:
        """Return the folder of its sources, downloaded at most once. Raises Absent."""
        if not self.program:
            return ROOT / "samples" / self.name
        try:
            return sources(PROGRAMS[self.program])
        except ProgramUnreachable as reason:
            raise Absent(str(reason)) from reason


APPS: Mapping[str, App] = {
    app.name: app
    for app in (
        App("web", (".",), "main.go"),
        App("age", ("./cmd/age", "./cmd/age-keygen"), "cmd/age/age.go", "age"),
        App("yq", (".",), "yq.go", "yq"),
        App("nats-server", (".",), "main.go", "nats-server"),
    )
}


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of an app's sources that a bench may change."""

    app: App
    folder: Path

    def reset(self) -> None:
        """Make the sources what was released."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.app.source(), self.folder, symlinks=True)

    def edit(self, number: int) -> None:
        """Change one file, so that its package and the program come out otherwise each time."""
        released = (self.app.source() / self.app.edited).read_text()
        (self.folder / self.app.edited).write_text(released + _EDIT.format(number))

    def add_dependency(self) -> None:
        """Import a module that the app has not had, and have go name it in go.mod and go.sum."""
        if _MODULE in (self.folder / "go.mod").read_text():
            raise RuntimeError(f"{self.app.name} has {_MODULE} already")
        (self.folder / self.app.edited).with_name("bench_dependency.go").write_text(_IMPORT)
        subprocess.run(
            ["go", "get", f"{_MODULE}@{_VERSION}"],
            cwd=self.folder,
            env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"},
            check=True,
            capture_output=True,
        )
