"""How the time of a build grows with an app: packages and programs, beside a bare ``go build``.

Apps are generated. What is compared is how the time grows, not only how long it is: what gobp adds
must not grow with the app where go's own time does not.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.phases import BARE_PATH, Phases
from bench.report import BUILDPACK, Value, packaged, record, recorded, table
from bench.synthetic import Size, write_app
from integration.docker import output_of
from integration.lab import ROOT

ROUNDS = 3
GO, GOBP, BUILD = "go build", "gobp build", "bin/build"
CASES = ("all", "edit", "no change")
PACKAGES = tuple(Size(packages, 1) for packages in (1, 10, 100, 500))
COMMANDS = tuple(Size(10, commands) for commands in (1, 5, 20))
_GOBP = str(ROOT / ".venv/bin/gobp")
_FLAGS = ("-trimpath", "-buildmode=pie")  # gobp's own


@dataclass(frozen=True, slots=True)
class _Bench:
    """The caches of the sides, below ``folder``; apps share them, as a team's do."""

    folder: Path
    goroot: Path

    def sides(self) -> Mapping[str, Callable[[Path], None]]:
        """Return what a build of an app is, by the side's name."""
        return {GO: self._go, GOBP: self._gobp}

    def phases(self) -> Phases:
        """Return bin/build with this machine's Go, so that no Go is carried."""
        env = {**self._env(), "PATH": f"{self.goroot / 'bin'}:{BARE_PATH}"}
        return Phases(self.folder / "phases", BUILDPACK, env)

    def _env(self) -> dict[str, str]:
        return {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"}

    def _go(self, app: Path) -> None:
        output = self.folder / "out"
        output.mkdir(exist_ok=True)
        argv = ["go", "build", *_FLAGS, "-o", str(output), "./cmd/..."]
        self._run(argv, app, {"GOCACHE": str(self.folder / "gocache")})

    def _gobp(self, app: Path) -> None:
        argv = [_GOBP, "build", str(app), "--cache-dir", str(self.folder / "gobp-cache")]
        argv += ["--tag", "bench/growth", "--output", str(self.folder / "image.oci")]
        argv += ["--env", "BP_GO_TARGETS=./cmd/..."]
        self._run(argv, app, {})

    def _run(self, argv: list[str], app: Path, env: Mapping[str, str]) -> None:
        done = subprocess.run(
            argv,
            cwd=app,
            env={**os.environ, **self._env(), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)}:\n{done.stdout[-4000:]}")


def run(rounds: int) -> None:
    """Build apps of all sizes: all packages changed, one changed, none. Raises Absent."""
    packaged()
    sizes = list(dict.fromkeys((*PACKAGES, *COMMANDS)))
    pending = [size for size in sizes if _lacks(size, rounds)]
    if pending:
        goroot = Path(output_of(["go", "env", "GOROOT"]).strip())
        with tempfile.TemporaryDirectory(prefix="gobp-bench-") as name:
            bench = _Bench(Path(name), goroot)
            for size in pending:
                _measure(bench, size, rounds)
    table(list(_rows()))


def _lacks(size: Size, rounds: int) -> bool:
    return not recorded("growth", size=str(size), case=CASES[-1], side=BUILD, round=rounds - 1)


def _measure(bench: _Bench, size: Size, rounds: int) -> None:
    """Build once uncounted, to fill the caches, then the cases of each round, sides in turn."""
    app = bench.folder / "apps" / str(size).replace(" ", "-")
    phases = bench.phases()
    numbers = iter(range(1_000))
    for number in range(-1, rounds):
        for case in CASES:
            if case != "no change":
                write_app(app, size, edit=next(numbers), everywhere=case == "all")
            for side, build in bench.sides().items():
                start = time.perf_counter()
                build(app)
                _say(size, case, side, number, time.perf_counter() - start)
            _say(size, case, BUILD, number, _phase_seconds(phases, app))
            if number < 0:
                break


def _phase_seconds(phases: Phases, app: Path) -> float:
    """Run bin/build on a copy, as it may remove sources, with the layers of the build before."""
    copy = phases.folder / "app"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(app, copy)
    seconds = phases.build(copy).seconds
    phases.restore()
    return seconds


def _say(size: Size, case: str, side: str, number: int, seconds: float) -> None:
    if number < 0:
        return
    record(
        bench="growth",
        size=str(size),
        packages=size.packages,
        commands=size.commands,
        case=case,
        side=side,
        round=number,
        seconds=round(seconds, 3),
    )


def _rows() -> Iterator[dict[str, Value]]:
    for size in dict.fromkeys((*PACKAGES, *COMMANDS)):
        for case in CASES:
            for side in (GO, GOBP, BUILD):
                lines = recorded("growth", size=str(size), case=case, side=side)
                if lines:
                    measured = [float(line["seconds"]) for line in lines]
                    yield {
                        "packages": size.packages,
                        "commands": size.commands,
                        "case": case,
                        "side": side,
                        "runs": len(measured),
                        "min_s": min(measured),
                        "median_s": statistics.median(measured),
                    }
