"""Small buildpacks made of shell, and a request to build with them."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gobp.log import BuildLog
from gobp.oci.image import Image
from gobp.oci.layout import read_layout
from gobp.platform.creator import create
from gobp.platform.request import BuildOutcome, BuildRequest
from gobp.system.process import SystemCommands

PATH = "/usr/local/bin:/usr/bin:/bin"


def make_buildpack(
    root: Path,
    buildpack_id: str = "example/one",
    *,
    build: str = "exit 0",
    detect: str = "exit 0",
    more: str = "",
) -> Path:
    """Make a buildpack whose programs are these lines of shell; ``more`` follows [buildpack]."""
    folder = root / buildpack_id.replace("/", "_")
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "buildpack.toml").write_text(
        f'api = "0.10"\n[buildpack]\nid = "{buildpack_id}"\nversion = "1.0.0"\n{more}\n'
    )
    for name, script in (("detect", detect), ("build", build)):
        (folder / "bin" / name).write_text(f"#!/bin/sh\nset -eu\n{script}\n")
        (folder / "bin" / name).chmod(0o755)
    return folder


@dataclass(frozen=True)
class PlatformLab:
    """A folder with an app, buildpacks and the place where images go."""

    root: Path
    log: io.StringIO

    @classmethod
    def at(cls, root: Path) -> "PlatformLab":
        (root / "app").mkdir()
        (root / "app" / "main.txt").write_text("app\n")
        return cls(root, io.StringIO())

    def request(self, *buildpacks: Path) -> BuildRequest:
        return BuildRequest(
            self.root / "app",
            buildpacks,
            "example.com/app:v1",
            self.root / "cache",
            self.root / "image",
        )

    def create(
        self, request: BuildRequest, environ: Mapping[str, str] | None = None
    ) -> BuildOutcome:
        log = BuildLog(self.log, debug=True)
        env = {"PATH": PATH} if environ is None else environ
        return create(request, log=log, commands=SystemCommands(), environ=env)

    def build(self, *buildpacks: Path, env: Mapping[str, str] | None = None) -> BuildOutcome:
        return self.create(replace(self.request(*buildpacks), env=env or {}))

    @property
    def image(self) -> Image:
        return read_layout(self.root / "image")

    def files(self) -> set[str]:
        """Return every path below the lab, to see what a build leaves behind."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}
