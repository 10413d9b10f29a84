"""bin/detect and bin/build run as a platform runs them, but by hand: no lifecycle, no container."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gobp.cnb import toml
from gobp.system.machine import machine_architecture
from integration.lab import ROOT
from tests.golden_files import UPDATE, Golden

SECONDS = 300
MODULE = "module example.com/app\n\ngo 1.26\n"
MAIN = 'package main\n\nfunc main() { println("hello") }\n'
APP = {"go.mod": MODULE, "main.go": MAIN}
_PLAN = '[[entries]]\nname = "go"\n[entries.metadata]\nbuild = true\n'


@dataclass(frozen=True)
class Done:
    """How a phase ended, and all it wrote, both streams in order."""

    status: int
    output: str


def search_path() -> str:
    """Return the PATH of a phase: a Python with gobp's packages, and Go."""
    return f"{ROOT}/.venv/bin:{go_root()}/bin:/usr/bin:/bin"


@dataclass
class Workbench:
    """The folders of one build; ``prefix`` is put before each command (``unshare -n``).

    ``path`` is the PATH of the phases, "" for the one of ``search_path``.
    """

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    prefix: Sequence[str] = ()
    buildpack: Path = ROOT
    path: str = ""

    @property
    def app(self) -> Path:
        """The app, made anew for each build."""
        return self.root / "app"

    @property
    def layers(self) -> Path:
        """The layers directory, which stays from build to build."""
        return self.root / "layers"

    def put(self, files: Mapping[str, str | bytes]) -> None:
        """Make the app of these files alone; a name that ends in "/" is a folder."""
        shutil.rmtree(self.app, ignore_errors=True)
        for name in ("app", "layers", "home", "platform/env"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = self.app / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def start(self, phase: str, env: Mapping[str, str]) -> "subprocess.Popen[str]":
        """Start a phase in a process group of its own."""
        given = {**self.env, **env}
        for name, value in given.items():
            (self.root / "platform/env" / name).write_bytes(os.fsencode(value))
        (self.root / "plan.toml").write_text(_PLAN if phase == "build" else "")
        return subprocess.Popen(
            [*self.prefix, self.buildpack / "bin" / phase],
            cwd=self.app,
            env={**self._environment(), **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
        )

    def run(self, phase: str, **env: str) -> Done:
        """Run a phase to its end."""
        with self.start(phase, env) as process:
            output, _ = process.communicate(timeout=SECONDS)
        return Done(process.returncode, output)

    def build(self, files: Mapping[str, str | bytes], **env: str) -> Done:
        """Detect and build an app of these files; what both write is one output."""
        self.put(files)
        detected = self.run("detect", **env)
        if detected.status != 0:
            return detected
        built = self.run("build", **env)
        return Done(built.status, detected.output + built.output)

    def restore(self) -> None:
        """Leave in the layers directory what the lifecycle restores from a cache."""
        for file in sorted(self.layers.glob("*.toml")):
            document = tomllib.loads(file.read_text())
            types = document.get("types", {})
            if file.name == "launch.toml" or not types.get("cache"):
                file.unlink()
            else:
                file.write_text(toml.dumps({"metadata": document.get("metadata", {})}))
        for path in sorted(self.layers.iterdir()):
            layer = path.name.partition(".")[0]
            if (self.layers / f"{layer}.toml").exists():
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:  # SBOMs of what is not restored, and the build report
                path.unlink()

    def program(self, name: str = "app") -> str:
        """Run a program that was built; what it prints."""
        done = subprocess.run(
            [self.layers / "targets/bin" / name], capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": self.path or search_path(),
            "HOME": str(self.root / "home"),
            "LC_ALL": "C",
            "GOFLAGS": "-buildvcs=false",
            "GOSUMDB": "off",
            "CNB_BUILDPACK_DIR": str(self.buildpack),
            "CNB_PLATFORM_DIR": str(self.root / "platform"),
            "CNB_BUILD_PLAN_PATH": str(self.root / "plan.toml"),
            "CNB_LAYERS_DIR": str(self.layers),
            "CNB_BP_PLAN_PATH": str(self.root / "plan.toml"),
            "CNB_TARGET_OS": "linux",
            "CNB_TARGET_ARCH": machine_architecture(),
        }


def go_env(name: str) -> str:
    """Return a setting of the go command here; skip where there is none."""
    if shutil.which("go") is None:
        pytest.skip("the go command is not on PATH")
    done = subprocess.run(["go", "env", name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def go_root() -> str:
    """Return the folder of the go command here."""
    return go_env("GOROOT")


def known_versions() -> list[str]:
    """Return the Go versions of buildpack.toml for this machine, oldest first."""
    dependencies = tomllib.loads((ROOT / "buildpack.toml").read_text())["metadata"]["dependencies"]
    arch = machine_architecture()
    versions = [d["version"] for d in dependencies if (d["id"], d["arch"]) == ("go", arch)]
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])


def golden_for(bench: Workbench) -> Golden:
    """Return the golden files, with what differs between machines and releases made the same."""
    version = tomllib.loads((ROOT / "buildpack.toml").read_text())["buildpack"]["version"]
    at_hand = go_env("GOVERSION").removeprefix("go")
    return Golden(os.environ.get(UPDATE) == "1").at(
        {
            str(bench.root): "<work>",
            go_root(): "<goroot>",
            f"Go {version}": "Go <version>",
            ", ".join(known_versions()): "<known versions>",
            f"Go {at_hand}": "Go <at hand>",
            f"): {at_hand}\n": "): <at hand>\n",
            f"linux-{machine_architecture()}": "linux-<architecture>",
            f"linux/{machine_architecture()}": "linux/<architecture>",
        }
    )
