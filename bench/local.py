"""Times builds without Docker: ``gobp build``, ko, a bare ``go build`` and the real lifecycle.

Each side has caches of its own, filled by a first build. All compile the same target for the same
machine with the same Go; ko and ``gobp publish`` push to a registry on 127.0.0.1.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench import apps
from bench.report import (
    BUILDPACK,
    Absent,
    Value,
    packaged,
    record,
    recorded,
    seconds_by_side,
    table,
)
from gobp.oci.layout import read_layout
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from integration.creator import PATH, Creator, missing, write_run_image
from integration.docker import free_port, output_of
from integration.lab import ROOT

ROUNDS = 3
APPS = ("age", "nats-server")
GOBP, PUBLISH, KO = "gobp build", "gobp build --publish", "ko build"
GO, GO_PIE, LIFECYCLE = "go build", "go build -buildmode=pie", "lifecycle"
CASES = ("first", "no change", "edit")
_BASE = "bench/base"
_GOBP = str(ROOT / ".venv/bin/gobp")

_Build = Callable[[apps.Copy], None]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What the sides share: a folder for caches and images, and a registry's address."""

    folder: Path
    registry: str

    def sides(self) -> Mapping[str, _Build]:
        """Return what a build of an app is, by the side's name."""
        known: dict[str, _Build] = {
            GOBP: lambda copy: self._gobp(copy, publish=False),
            PUBLISH: lambda copy: self._gobp(copy, publish=True),
            GO: lambda copy: self._go(copy, GO),
            GO_PIE: lambda copy: self._go(copy, GO_PIE),
        }
        if ko := _ko():
            known[KO] = lambda copy: self._ko(ko, copy)
        return known

    def _gobp(self, copy: apps.Copy, *, publish: bool) -> None:
        kind = "published" if publish else "local"
        image, cache = f"bench/{kind}-{copy.app.name}", self.folder / f"cache-{kind}"
        argv = [_GOBP, "build", str(copy.folder), "--cache-dir", str(cache)]
        argv += ["--env", f"BP_GO_TARGETS={_target(copy)}", "--env", f"BP_GO_VERSION={_version()}"]
        if publish:
            argv += ["--tag", f"{self.registry}/{image}", "--publish"]
        else:
            argv += ["--tag", image, "--output", str(self.folder / f"{copy.app.name}.oci")]
        _run(argv, copy, {"GOTOOLCHAIN": "local"})

    def _go(self, copy: apps.Copy, side: str) -> None:
        output = self.folder / f"{side.replace(' ', '-')}-{copy.app.name}"
        argv = [*side.split(), "-trimpath", "-o", str(output), _target(copy)]
        _run(argv, copy, self._go_env(side))

    def _ko(self, program: str, copy: apps.Copy) -> None:
        env = {
            **self._go_env(KO),
            "KO_DEFAULTBASEIMAGE": f"{self.registry}/{_BASE}",
            "KO_DOCKER_REPO": f"{self.registry}/bench/ko-{copy.app.name}",
            "KOCACHE": str(self.folder / "ko-cache"),
        }
        argv = [program, "build", "--bare", "--insecure-registry", _target(copy)]
        _run(argv, copy, env)

    def _go_env(self, side: str) -> dict[str, str]:
        cache = self.folder / f"gocache-{side.replace(' ', '-')}"
        return {"GOCACHE": str(cache), "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}


def run(rounds: int, names: Sequence[str]) -> None:
    """Build apps again and again: edited, then unchanged, the sides in turn. Raises Absent."""
    packaged()
    pending = [app for app in names if _lacks(app, rounds)]
    if pending:
        with (
            tempfile.TemporaryDirectory(prefix="gobp-bench-") as name,
            _registry(Path(name)) as registry,
        ):
            folder = Path(name)
            bench = _Bench(folder, registry)
            _push_base(registry, folder)
            for app in pending:
                _measure(bench, apps.Copy(apps.APPS[app], folder / "apps" / app), rounds)
    for app in names:
        table(list(_rows(app)))


def _lacks(app: str, rounds: int) -> bool:
    return not recorded("local", app=app, round=rounds - 1, case="no change", side=GOBP)


def _measure(bench: _Bench, copy: apps.Copy, rounds: int) -> None:
    """Build once to fill the caches, then ``rounds`` edits, each followed by no change."""
    copy.reset()
    sides = dict(bench.sides())
    creator = _creator(bench.folder / "creator", copy)
    for name, build in sides.items():
        _say(copy, "first", name, 0, _timed(build, copy))
    if creator:
        _say(copy, "first", LIFECYCLE, 0, _lifecycle(creator, copy))
    for number in range(rounds):
        copy.edit(number)
        for case in ("edit", "no change"):
            for name, build in sides.items():
                _say(copy, case, name, number, _timed(build, copy))
            if creator:
                _say(copy, case, LIFECYCLE, number, _lifecycle(creator, copy))


def _timed(build: _Build, copy: apps.Copy) -> float:
    start = time.perf_counter()
    build(copy)
    return time.perf_counter() - start


def _creator(folder: Path, copy: apps.Copy) -> Creator | None:
    """Return the real lifecycle with gobp's buildpack and this machine's Go, None without it."""
    if reason := missing():
        print(f"SKIPPED side {LIFECYCLE}: {reason}", flush=True)
        return None
    go = Path(output_of(["go", "env", "GOROOT"]).strip()) / "bin"
    env = {
        "BP_GO_TARGETS": _target(copy),
        "BP_GO_VERSION": _version(),
        "CGO_ENABLED": "0",
        "GOPROXY": output_of(["go", "env", "GOPROXY"]).strip(),
    }
    return Creator(folder / copy.app.name, [BUILDPACK], env, path=f"{go}:{PATH}")


def _lifecycle(creator: Creator, copy: apps.Copy) -> float:
    """Build by the lifecycle; the copying of the app and the folders' making are not its time."""
    creator.prepare(copy.folder)
    start = time.perf_counter()
    done = creator.run()
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"the lifecycle ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return seconds


def _say(copy: apps.Copy, case: str, side: str, number: int, seconds: float) -> None:
    where: dict[str, Value] = {"app": copy.app.name, "case": case, "side": side, "round": number}
    record(bench="local", **where, seconds=round(seconds, 3))


def _run(argv: Sequence[str], copy: apps.Copy, env: Mapping[str, str]) -> None:
    done = subprocess.run(
        argv,
        cwd=copy.folder,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout[-4000:]}")


def _target(copy: apps.Copy) -> str:
    """Return the one target that all sides build: ko makes an image of one program."""
    return copy.app.targets[0]


def _version() -> str:
    return output_of(["go", "env", "GOVERSION"]).strip().removeprefix("go")


def _ko() -> str:
    """Return ko's program: on PATH or where ``go install`` puts it; "" where there is none."""
    found = shutil.which("ko")
    installed = Path(output_of(["go", "env", "GOPATH"]).strip()) / "bin/ko"
    if found or installed.is_file():
        return found or str(installed)
    print("SKIPPED side ko: go install github.com/google/ko@latest", flush=True)
    return ""


@contextmanager
def _registry(folder: Path) -> Iterator[str]:
    """Run Debian's docker-registry; yield its address. Raises Absent."""
    program = shutil.which("docker-registry")
    if program is None:
        raise Absent("docker-registry (Debian package docker-registry) is not installed")
    address = f"127.0.0.1:{free_port()}"
    config = folder / "registry.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder / 'registry'}}}}}\n"
        f"http: {{addr: '{address}'}}\n"
    )
    process = subprocess.Popen(
        [program, "serve", config],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"OTEL_TRACES_EXPORTER": "none"},
    )
    try:
        _wait_for(f"http://{address}/v2/")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            requests.get(url, timeout=2)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers at {url}")


def _push_base(registry: str, folder: Path) -> None:
    """Put the base that ko's images stand on into the registry: next to nothing."""
    layout = folder / "base/latest"
    layout.parent.mkdir()
    write_run_image(layout)
    reference = Reference.parse(f"{registry}/{_BASE}:latest")
    Registries(os.environ).push(reference, read_layout(layout))


def _rows(app: str) -> Iterator[dict[str, Value]]:
    for case in CASES:
        times = seconds_by_side("local", app, case)
        bare = statistics.median(times[GO]) if GO in times else 0.0
        for side, measured in times.items():
            median = statistics.median(measured)
            yield {
                "app": app,
                "case": case,
                "side": side,
                "runs": len(measured),
                "min_s": min(measured),
                "median_s": median,
                "x go build": median / bare if bare else 0.0,
            }
