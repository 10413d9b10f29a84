"""Times ``pack build`` of real programs: gobp, Paketo's Go buildpacks, and none at all."""

import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import apps
from bench.pack_sides import CASES, EMPTY, PAKETO, Side, all_sides, builder_config
from bench.report import Value, absent_lab, packaged, record, recorded, seconds_by_side, table
from gobp.cnb import toml
from gobp.system.machine import machine_architecture
from integration.docker import Docker, output_of
from integration.docker import run as docker_run
from integration.lab import TOOLS, ensure_lab, go_proxy

ROUNDS = 3
APPS = ("age",)
_PACK = str(TOOLS / "bin/pack")
_TARGET = f"linux/{machine_architecture()}"
_SECONDS = 900


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all builds share: docker, a folder for what is made, and the build's variables."""

    docker: Docker
    folder: Path
    env: Mapping[str, str]

    def builder(self, side: Side) -> str:
        """Return the name of a side's builder image."""
        return self.docker.name(f"{side.slug}-builder")

    def create_builder(self, side: Side) -> None:
        """Make a builder with a side's buildpacks.

        They could be given to each ``pack build`` instead, but pack then packs them anew each time,
        and an offline buildpack (with a Go in it) pays seconds that no platform would.
        """
        config = self.folder / f"{side.slug}.toml"
        config.write_text(toml.dumps(builder_config(side)))
        argv = [_PACK, "builder", "create", self.builder(side), "--config", str(config)]
        output_of([*argv, "--pull-policy", "never", "--target", _TARGET], seconds=_SECONDS)
        self.docker.adopt(self.builder(side))

    def seconds(self, side: Side, copy: apps.Copy, case: str) -> float:
        """Build once and return how long it took."""
        image = self.docker.name(f"{side.slug}-{copy.app.name}")
        env = {**self.env, "BP_GO_TARGETS": ":".join(copy.app.targets)}
        argv = [_PACK, "build", image, "--path", str(copy.folder), "--builder", self.builder(side)]
        argv += ["--pull-policy", "never", "--trust-builder", "--network", "host"]
        argv += [part for name in env for part in ("--env", f"{name}={env[name]}")]
        argv += ["--clear-cache"] if case == "cold" else []
        start = time.perf_counter()
        done = docker_run(argv, seconds=_SECONDS)
        elapsed = time.perf_counter() - start
        if done.returncode:
            raise RuntimeError(f"{side.name}, {case}:\n{done.stdout[-4000:]}{done.stderr}")
        self.docker.adopt(image)
        if case == "no change" and side.name != EMPTY and "Reusing" not in done.stdout:
            raise RuntimeError(f"{side.name} reused nothing:\n{done.stdout[-4000:]}")
        return elapsed


def run(rounds: int, names: Sequence[str]) -> None:
    """Build apps cold, unchanged, edited and with one more dependency, the sides in turn.

    A round whose figures are kept is not run again. Raises Absent.
    """
    packaged()
    with absent_lab():
        ensure_lab()
        proxy = go_proxy()
    missing = [(app, number) for app in names for number in range(rounds) if _lacks(app, number)]
    if missing:
        sides, version = all_sides()
        env = {"GOPROXY": proxy, "BP_GO_VERSION": version}
        with tempfile.TemporaryDirectory(prefix="gobp-bench-") as name:
            bench = _Bench(Docker(f"gobp-bench-{secrets.token_hex(4)}"), Path(name), env)
            try:
                _measure(bench, sides, missing)
            finally:
                bench.docker.remove_all()
    for app in names:
        table(list(_rows(app)))


def _lacks(app: str, number: int) -> bool:
    """Tell whether a round was not measured to its end: Paketo's last case comes last."""
    return not recorded("pack", app=app, round=number, case=CASES[-1], side=PAKETO)


def _measure(bench: _Bench, sides: Sequence[Side], missing: Sequence[tuple[str, int]]) -> None:
    """Measure rounds of apps; noise falls on all sides alike."""
    for side in sides:
        bench.create_builder(side)
    for app, number in missing:
        copy = apps.Copy(apps.APPS[app], bench.folder / app)
        for case in CASES:
            _prepare(copy, case, number)
            for side in sides:
                if case in side.cases:
                    seconds = round(bench.seconds(side, copy, case), 2)
                    _say(app, case, side, number, seconds)


def _say(app: str, case: str, side: Side, number: int, seconds: float) -> None:
    where: dict[str, Value] = {"app": app, "case": case, "side": side.name, "round": number}
    record(bench="pack", **where, seconds=seconds)


def _prepare(copy: apps.Copy, case: str, number: int) -> None:
    """Make the app what a case builds, from what the case before it has built."""
    if case == "cold":
        copy.reset()
    elif case == "edit":
        copy.edit(number)
    elif case == "dependency":
        copy.add_dependency()


def _rows(app: str) -> Iterator[dict[str, Value]]:
    for case in CASES:
        times = seconds_by_side("pack", app, case)
        for side, measured in times.items():
            median = statistics.median(measured)
            paketo = statistics.median(times[PAKETO]) if PAKETO in times else 0.0
            yield {
                "app": app,
                "case": case,
                "side": side,
                "runs": len(measured),
                "min_s": min(measured),
                "median_s": median,
                "of paketo": median / paketo if paketo else 0.0,
            }
