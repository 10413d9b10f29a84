"""How long a whole bin/detect takes: gobp's, Paketo's, and the least that any could take."""

import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.processes import Command, Run, interleaved
from bench.report import BUILDPACK, Value, packaged, record, table
from gobp.system.machine import machine_architecture
from integration.lab import ROOT, TOOLS

ROUNDS = 30
_PEERS = ("go-dist", "go-mod-vendor", "go-build")
_APPLIES, _DOES_NOT_APPLY = "go.mod app", "not applicable"
_FINE = frozenset({0, 100})  # passed, failed: Buildpack specification, "Detection"


def run(rounds: int) -> None:
    """Measure on ``samples/web`` and on a folder with nothing but a README. Raises Absent."""
    packaged()
    rows: list[dict[str, Value]] = []
    with tempfile.TemporaryDirectory(prefix="gobp-bench-") as folder:
        for case, app in _apps(Path(folder)).items():
            runs: dict[str, list[Run]] = {}
            for command, each in interleaved(_sides(Path(folder), app), rounds):
                if each.status not in _FINE:
                    raise RuntimeError(f"{command.argv[0]} ended with status {each.status}")
                runs.setdefault(command.name, []).append(each)
            for side, measured in runs.items():
                rows.append(_row(case, side, measured))
                record(bench="detect", **rows[-1])
    table(rows)


def _apps(folder: Path) -> dict[str, Path]:
    other = folder / "other"
    other.mkdir()
    (other / "README.md").write_text("Nothing for Go here.\n")
    return {_APPLIES: shutil.copytree(ROOT / "samples/web", folder / "web"), _DOES_NOT_APPLY: other}


def _sides(folder: Path, app: Path) -> list[Command]:
    """Return the floors, gobp, and the peers that are installed; the lifecycle starts one alike."""
    python = BUILDPACK / f"runtime/{machine_architecture()}/bin/python3"
    flags = ("-I", "-S", "-B", "-X", "utf8")
    sides = [
        ("floor: sh", ("/bin/sh", "-c", ":"), BUILDPACK),
        ("floor: bundled python", (str(python), *flags, "-c", "pass"), BUILDPACK),
        ("gobp", (str(BUILDPACK / "bin/detect"),), BUILDPACK),
    ]
    for peer in _PEERS:
        buildpack = TOOLS / "peers/paketo" / peer
        if (buildpack / "bin/detect").exists():
            sides.append((f"paketo {peer}", (str(buildpack / "bin/detect"),), buildpack))
    return [_command(folder, app, name, argv, buildpack) for name, argv, buildpack in sides]


def _command(folder: Path, app: Path, name: str, argv: Sequence[str], buildpack: Path) -> Command:
    """Return a side with the environment that the lifecycle gives to detect."""
    (folder / "platform/env").mkdir(parents=True, exist_ok=True)
    plan = folder / "plan.toml"
    plan.touch()
    env = {
        "CNB_BUILDPACK_DIR": str(buildpack),
        "CNB_BUILD_PLAN_PATH": str(plan),
        "CNB_PLATFORM_DIR": str(folder / "platform"),
        "CNB_STACK_ID": "*",
        "CNB_TARGET_ARCH": machine_architecture(),
        "CNB_TARGET_OS": "linux",
        "HOME": str(folder),
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    if buildpack != BUILDPACK:  # Paketo's are of Buildpack API 0.7, which takes arguments
        argv = (*argv, env["CNB_PLATFORM_DIR"], env["CNB_BUILD_PLAN_PATH"])
    return Command(name, argv, app, env)


def _row(case: str, side: str, runs: Sequence[Run]) -> dict[str, Value]:
    wall = [run.seconds * 1000 for run in runs]
    cpu = [run.cpu_seconds * 1000 for run in runs]
    return {
        "case": case,
        "side": side,
        "runs": len(runs),
        "status": runs[0].status,
        "min_ms": round(min(wall), 2),
        "median_ms": round(statistics.median(wall), 2),
        "cpu_min_ms": round(min(cpu), 2),
        "cpu_median_ms": round(statistics.median(cpu), 2),
    }
