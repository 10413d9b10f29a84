"""Times ``pack build`` of a real program: gobp, Paketo's Go buildpacks, and none at all."""

import secrets
import shutil
import statistics
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bench.report import BUILDPACK, Absent, Value, absent_lab, packaged, record, table
from gobp.cnb import toml
from gobp.system.machine import machine_architecture
from integration.docker import Docker, output_of
from integration.lab import RUN_IMAGE, TOOLS, ensure_lab, go_proxy
from integration.programs import PROGRAMS, ProgramUnreachable, sources

ROUNDS = 2
_CASES = ("cold", "no change", "edit")
_TARGETS = "cmd/age:cmd/age-keygen"  # Paketo would build nothing else than the root
_EDITED = "cmd/age/age.go"
_PEERS = TOOLS / "peers/paketo"
_PACK = str(TOOLS / "bin/pack")
_TARGET = f"linux/{machine_architecture()}"
_SECONDS = 900
_BUILD_IMAGE = "lab-build:bookworm"
_EMPTY_TOML = 'api = "0.10"\n[buildpack]\nid = "bench/empty"\nversion = "0"\n[[stacks]]\nid = "*"\n'


@dataclass(frozen=True, slots=True)
class _Side:
    """A way to build the app: the buildpacks of a builder, in order."""

    name: str
    buildpacks: tuple[Path, ...]

    @property
    def slug(self) -> str:
        """The side's name as part of an image's."""
        return self.name.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all builds share: where images go, the app's folder, and the build's variables."""

    docker: Docker
    app: Path
    env: Mapping[str, str]

    def builder(self, side: _Side) -> str:
        """Return the name of a side's builder image."""
        return self.docker.name(f"{side.slug}-builder")

    def create_builder(self, side: _Side, folder: Path) -> None:
        """Make a builder with a side's buildpacks.

        They could be given to each ``pack build`` instead, but pack then packs them anew each time,
        and an offline buildpack (with a Go in it) pays seconds that no platform would.
        """
        config = folder / f"{side.slug}.toml"
        config.write_text(toml.dumps(_builder_config(side)))
        argv = [_PACK, "builder", "create", self.builder(side), "--config", str(config)]
        output_of([*argv, "--pull-policy", "never", "--target", _TARGET], seconds=_SECONDS)
        self.docker.adopt(self.builder(side))

    def seconds(self, side: _Side, case: str) -> float:
        """Build once and return how long it took."""
        image = self.docker.name(side.slug)
        argv = [_PACK, "build", image, "--path", str(self.app), "--builder", self.builder(side)]
        argv += ["--pull-policy", "never", "--trust-builder", "--network", "host"]
        argv += [part for name in self.env for part in ("--env", f"{name}={self.env[name]}")]
        argv += ["--clear-cache"] if case == "cold" else []
        start = time.perf_counter()
        output = output_of(argv, seconds=_SECONDS)
        elapsed = time.perf_counter() - start
        self.docker.adopt(image)
        if case == "no change" and not side.name == "empty" and "Reusing" not in output:
            raise RuntimeError(f"{side.name} reused nothing:\n{output[-4000:]}")
        return elapsed


def run(rounds: int) -> None:
    """Build age cold, unchanged and with one edited file, the sides in turn. Raises Absent."""
    packaged()
    with absent_lab():
        ensure_lab()
        proxy = go_proxy()
    try:
        source = sources(PROGRAMS["age"])
    except ProgramUnreachable as reason:
        raise Absent(str(reason)) from reason
    with tempfile.TemporaryDirectory(prefix="gobp-bench-") as name:
        folder = Path(name)
        sides, version = _sides(folder)
        env = {"GOPROXY": proxy, "BP_GO_TARGETS": _TARGETS, "BP_GO_VERSION": version}
        bench = _Bench(Docker(f"gobp-bench-{secrets.token_hex(4)}"), folder / "app", env)
        try:
            for side in sides:
                bench.create_builder(side, folder)
            times = _measure(bench, sides, source, rounds)
        finally:
            bench.docker.remove_all()
    table([_row(case, side, times) for case in _CASES for side in sides])


def _measure(
    bench: _Bench, sides: Sequence[_Side], source: Path, rounds: int
) -> dict[tuple[str, str], list[float]]:
    """Return the seconds of each side and case; noise falls on all sides alike."""
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        shutil.rmtree(bench.app, ignore_errors=True)
        shutil.copytree(source, bench.app)
        for case in _CASES:
            if case == "edit":
                with (bench.app / _EDITED).open("a") as file:
                    file.write(f"\nvar _ = {number}\n")
            for side in sides:
                seconds = bench.seconds(side, case)
                times.setdefault((side.name, case), []).append(seconds)
                record(bench="pack", case=case, side=side.name, seconds=round(seconds, 2))
    return times


def _row(
    case: str, side: _Side, times: Mapping[tuple[str, str], Sequence[float]]
) -> dict[str, Value]:
    measured = times[side.name, case]
    return {
        "case": case,
        "side": side.name,
        "runs": len(measured),
        "min_s": round(min(measured), 2),
        "median_s": round(statistics.median(measured), 2),
    }


def _sides(folder: Path) -> tuple[list[_Side], str]:
    """Return the sides, and the version of this machine's Go, with which all of them build.

    "offline" sides find that Go in their package; gobp alone must download it.
    """
    goroot = Path(output_of(["go", "env", "GOROOT"]).strip())
    version = output_of(["go", "env", "GOVERSION"]).strip().removeprefix("go")
    archive = folder / "go.tgz"
    with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
        tar.add(goroot, arcname="go")
    offline = folder / "gobp"
    _with_go(BUILDPACK, offline, archive, version)
    sides = [_Side("empty", (_empty(folder / "empty"),)), _Side("gobp", (BUILDPACK,))]
    sides.append(_Side("gobp offline", (offline,)))
    if not (_PEERS / "go-dist").is_dir():
        print(f"SKIPPED side paketo: {_PEERS} is not there", flush=True)
        return sides, version
    go_dist = folder / "go-dist"
    _with_go(_PEERS / "go-dist", go_dist, archive, version)
    paketo = (go_dist, _PEERS / "go-mod-vendor", _PEERS / "go-build")
    return [*sides, _Side("paketo offline", paketo)], version


def _with_go(buildpack: Path, target: Path, archive: Path, version: str) -> None:
    """Copy a buildpack, with an archive of Go in it as the only Go it knows."""
    shutil.copytree(buildpack, target, ignore=shutil.ignore_patterns("deps"))
    (target / "deps").mkdir()
    shutil.copyfile(archive, target / "deps/go.tgz")
    checksum = f"sha256:{sha256(archive.read_bytes()).hexdigest()}"
    path = target / "buildpack.toml"
    document = toml.loads(path.read_text(), source=str(path))
    document["metadata"] = {
        **toml.get_table(document, "metadata", source=str(path)),
        "default-versions": {"go": version},
        "dependencies": [
            {
                "id": "go",
                "version": version,
                "os": "linux",
                "arch": machine_architecture(),
                "stacks": ["*"],
                "strip-components": 1,
                "uri": "file:///deps/go.tgz",
                "checksum": checksum,
                "source": "file:///deps/go.tgz",
                "source-checksum": checksum,
            }
        ],
    }
    path.write_text(toml.dumps(document))


def _builder_config(side: _Side) -> toml.Table:
    """Return builder.toml: the lab's images and lifecycle, and one group of the side's buildpacks.

    Source: buildpacks.io, "Builder configuration".
    """
    group = []
    for path in side.buildpacks:
        source = path / "buildpack.toml"
        about = toml.get_table(
            toml.loads(source.read_text(), source=str(source)), "buildpack", source=str(source)
        )
        group.append({"id": about["id"], "version": about["version"]})
    return {
        "lifecycle": {"uri": f"file://{TOOLS}/lifecycle.tgz"},
        "build": {"image": _BUILD_IMAGE},
        "run": {"images": [{"image": RUN_IMAGE}]},
        "buildpacks": [{"uri": str(path)} for path in side.buildpacks],
        "order": [{"group": group}],
    }


def _empty(folder: Path) -> Path:
    """Make a buildpack that does nothing: what pack and the lifecycle take by themselves."""
    (folder / "bin").mkdir(parents=True)
    (folder / "buildpack.toml").write_text(_EMPTY_TOML)
    for phase in ("detect", "build"):
        program = folder / "bin" / phase
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
    return folder
