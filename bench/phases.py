"""Runs bin/build by itself, as a lifecycle would: no container, no tar, layers given back."""

import json
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobp.cnb import toml
from gobp.platform.layers_dir import BuiltLayer, read_layers
from gobp.system.files import remove_tree
from gobp.system.machine import machine_architecture
from integration.lab import ROOT

BARE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # as in a build image, without this machine's Go
_ID = "gobp/go"
_FOLDER = "gobp_go"
_PAUSE = 0.01  # seconds between two looks at the memory
_PLAN = '[[entries]]\nname = "go"\n[entries.metadata]\nbuild = true\n'
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_IMPORTED = re.compile(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Built:
    """One run of bin/build: seconds, and MB of memory at its own peak.

    ``imports`` has microseconds by module, ``spent`` seconds by what they went to; each is empty
    where it was not asked for, as looking costs time.
    """

    seconds: float
    peak: float
    imports: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phases:
    """The folders of an app's builds, below ``folder``, by the packaged buildpack ``buildpack``."""

    folder: Path
    buildpack: Path
    env: Mapping[str, str]

    @property
    def layers(self) -> tuple[BuiltLayer, ...]:
        """The layers as the last build or ``restore`` left them."""
        return read_layers(self.folder / "layers", _ID)

    def build(self, app: Path, *, imports: bool = False, spent: bool = False) -> Built:
        """Build an app in place: its sources may be gone afterwards, as in a container."""
        layers = self.folder / "layers" / _FOLDER
        layers.mkdir(parents=True, exist_ok=True)
        (self.folder / "platform/env").mkdir(parents=True, exist_ok=True)
        (self.folder / "plan.toml").write_text(_PLAN)
        samples = self.folder / "spent.json"
        log = self.folder / "log"
        argv = self._argv(imports=imports, samples=samples if spent else None)
        with log.open("w") as output:
            start = time.perf_counter()
            process = subprocess.Popen(
                argv, cwd=app, env=self._environment(), stdout=output, stderr=output
            )
            peak = _watch(process)
            seconds = time.perf_counter() - start
        text = log.read_text()
        if process.returncode:
            raise RuntimeError(f"bin/build ended with {process.returncode}:\n{text[-4000:]}")
        return Built(
            seconds,
            peak / 1024,
            {each[2]: int(each[1]) for each in _IMPORTED.finditer(text)},
            json.loads(samples.read_text()) if spent else {},
        )

    def restore(self) -> None:
        """Leave what a lifecycle gives back to the next build: cached layers, without types.

        Of launch layers it gives metadata alone, of all else nothing.
        """
        folder = self.folder / "layers" / _FOLDER
        for layer in self.layers:
            types = layer.content.types
            if not types.cache:
                remove_tree(layer.path)
            about = layer.path.with_name(f"{layer.name}.toml")
            if types.cache or types.launch:
                about.write_text(toml.dumps({"metadata": layer.content.metadata}))
            else:
                about.unlink(missing_ok=True)
        (folder / "launch.toml").unlink()

    def _argv(self, *, imports: bool, samples: Path | None) -> list[str]:
        """Return how bin/build starts the interpreter, with what looks at it put before."""
        python = self.buildpack / f"runtime/{machine_architecture()}/bin/python3"
        argv = [str(python), "-I", "-S", "-B", "-X", "utf8"]
        argv += ["-X", "importtime"] if imports else []
        argv += [str(ROOT / "bench/sampled.py"), str(samples)] if samples else []
        return [*argv, str(self.buildpack / "bin/main.py"), "build"]

    def _environment(self) -> dict[str, str]:
        return {
            "CNB_BP_PLAN_PATH": str(self.folder / "plan.toml"),
            "CNB_BUILDPACK_DIR": str(self.buildpack),
            "CNB_LAYERS_DIR": str(self.folder / "layers" / _FOLDER),
            "CNB_PLATFORM_DIR": str(self.folder / "platform"),
            "CNB_TARGET_ARCH": machine_architecture(),
            "CNB_TARGET_OS": "linux",
            "HOME": str(self.folder),
            "PATH": BARE_PATH,
            **self.env,
        }


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; return its own peak of resident memory (kB), without its children's.

    The kernel's own figure for an ended process would also count what the bench had resident
    when it started the process.
    """
    peak = 0
    while process.poll() is None:
        found = _PEAK.search(Path(f"/proc/{process.pid}/status").read_text())
        peak = int(found[1]) if found else peak
        time.sleep(_PAUSE)
    return peak
