"""What a build leaves for the lifecycle to carry, and what bin/build itself needs.

The lifecycle unpacks every cached layer before a build, and packs and hashes it after, changed or
not: bytes and files in cached layers are a floor under the time of each build.
"""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.report import BUILDPACK, Value, absent_lab, packaged, record, table
from gobp.cnb import toml
from gobp.platform.layers_dir import BuiltLayer, read_layers
from gobp.system.files import count_tree, remove_tree
from gobp.system.machine import machine_architecture
from integration.lab import ROOT, go_proxy

ROUNDS = 1
_ID = "gobp/go"
_FOLDER = "gobp_go"
_PAUSE = 0.01  # seconds between two looks at the memory
_PLAN = '[[entries]]\nname = "go"\n[entries.metadata]\nbuild = true\n'
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_IMPORTED = re.compile(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Build:
    """One run of bin/build: seconds, kB at the peak, and microseconds of each import."""

    seconds: float
    peak: int
    imports: Mapping[str, int]


def run(rounds: int) -> None:
    """Build ``samples/web`` from nothing, then ``rounds`` times unchanged. Raises Absent."""
    packaged()
    with absent_lab():
        proxy = go_proxy()
    phases: list[dict[str, Value]] = []
    carried: list[dict[str, Value]] = []
    with tempfile.TemporaryDirectory(prefix="gobp-bench-") as name:
        folder = Path(name)
        layers = folder / "layers" / _FOLDER
        layers.mkdir(parents=True)
        for case in ("cold", *["no change"] * rounds):
            phases.append(_phase_row(case, _build(folder, layers, proxy)))
            record(bench="layers", **phases[-1])
            carried = [_layer_row(case, layer) for layer in read_layers(layers.parent, _ID)]
            for row in carried:
                record(bench="layers", **row)
            _restore(layers)
        remove_tree(layers)  # may hold read-only folders
    table(phases)
    table(carried)


def _build(folder: Path, layers: Path, proxy: str) -> _Build:
    """Run bin/build on a fresh copy of the app, as the lifecycle would, and watch it."""
    app = folder / "app"
    shutil.rmtree(app, ignore_errors=True)
    shutil.copytree(ROOT / "samples/web", app)
    (folder / "platform/env").mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(_PLAN)
    env = {
        "CNB_BP_PLAN_PATH": str(folder / "plan.toml"),
        "CNB_BUILDPACK_DIR": str(BUILDPACK),
        "CNB_LAYERS_DIR": str(layers),
        "CNB_PLATFORM_DIR": str(folder / "platform"),
        "CNB_TARGET_ARCH": machine_architecture(),
        "CNB_TARGET_OS": "linux",
        "GOPROXY": proxy,
        "HOME": str(folder),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",  # as in a build image, without this machine's Go
    }
    python = BUILDPACK / f"runtime/{machine_architecture()}/bin/python3"
    flags = ("-I", "-S", "-B", "-X", "utf8", "-X", "importtime")
    argv = (str(python), *flags, str(BUILDPACK / "bin/main.py"), "build")
    log = folder / "log"
    with log.open("w") as output:
        start = time.perf_counter()
        process = subprocess.Popen(argv, cwd=app, env=env, stdout=output, stderr=output)
        peak = _watch(process)
        seconds = time.perf_counter() - start
    text = log.read_text()
    if process.returncode:
        raise RuntimeError(f"bin/build ended with status {process.returncode}:\n{text[-4000:]}")
    return _Build(seconds, peak, {each[2]: int(each[1]) for each in _IMPORTED.finditer(text)})


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


def _restore(layers: Path) -> None:
    """Leave what a lifecycle gives back to the next build: cached layers, without their types."""
    for layer in read_layers(layers.parent, _ID):
        if not layer.content.types.cache:
            remove_tree(layer.path)
        document = {"metadata": layer.content.metadata}
        layer.path.with_name(f"{layer.name}.toml").write_text(toml.dumps(document))
    (layers / "launch.toml").unlink()


def _phase_row(case: str, build: _Build) -> dict[str, Value]:
    return {
        "case": case,
        "process": "bin/build",
        "seconds": round(build.seconds, 2),
        "peak_mb": round(build.peak / 1024, 1),
        "modules": len(build.imports),
        "of_gobp": sum(name.partition(".")[0] == "gobp" for name in build.imports),
        "import_ms": round(sum(build.imports.values()) / 1000, 1),
    }


def _layer_row(case: str, layer: BuiltLayer) -> dict[str, Value]:
    types = layer.content.types
    files, size = count_tree(layer.path) if layer.has_contents else (0, 0)
    used = {"build": types.build, "cache": types.cache, "launch": types.launch}
    return {
        "case": case,
        "layer": layer.name,
        "types": "+".join(name for name, is_set in used.items() if is_set),
        "files": files,
        "bytes": size,
    }
