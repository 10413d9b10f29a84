"""How long a Go toolchain takes to install: gobp, the go command's own switch, and tar.

Both sides get the same module zip from a folder, so that the network does not count, and both
verify it. gobp keeps only what compiling needs, so it writes fewer files; ``tar`` shows what
unpacking alone costs, and how fast the archive of a cached layer is opened.
"""

import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Command, Run, interleaved
from bench.report import Absent, Value, record, table
from gobp.buildpack.go_dist.catalog import Release, releases
from gobp.buildpack.go_dist.distribution import module_version
from gobp.cnb import toml
from gobp.system.machine import machine_architecture
from gobp.system.packed import files_of
from integration.docker import output_of
from integration.lab import ROOT

ROUNDS = 5
_CHILD = ROOT / "bench/toolchain_child.py"
_INSTALL, _CACHED = "install", "open the cached layer"
_TOOLCHAIN = "golang.org/toolchain"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A toolchain that go has fetched before, and what the sides take it from."""

    release: Release
    folder: Path

    @property
    def proxy(self) -> Path:
        """A folder that go takes for a module proxy: what it has downloaded."""
        return self.folder / "modules/cache/download"

    @property
    def goroot(self) -> Path:
        """The toolchain as go unpacks it, whole."""
        version = module_version(self.release.version, self.release.architecture)
        return self.folder / f"modules/{_TOOLCHAIN}@{version}"

    @property
    def url(self) -> str:
        """The zip in the proxy."""
        version = module_version(self.release.version, self.release.architecture)
        return f"file://{self.proxy}/{_TOOLCHAIN}/@v/{version}.zip"

    @property
    def archive(self) -> Path:
        """What a cached layer holds of it."""
        return self.folder / "go.tar.zst"

    @property
    def tar(self) -> Path:
        """All of it as a tar with gzip, as Go is published."""
        return self.folder / "go.tar.gz"


def run(rounds: int) -> None:
    """Measure with the newest release that is not this machine's own. Raises Absent."""
    rows: list[dict[str, Value]] = []
    with tempfile.TemporaryDirectory(prefix="gobp-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        prepared = _prepare(folder)
        runs: dict[str, list[Run]] = {}
        for command, each in interleaved(_sides(prepared), rounds):
            if each.status:
                raise RuntimeError(f"{shlex.join(command.argv)} ended with status {each.status}")
            runs.setdefault(command.name, []).append(each)
        for side, measured in runs.items():
            files = sum(1 for _ in files_of(_newest(folder / "work" / side)))
            rows.append(_row(side, measured, files))
            record(bench="toolchain", **rows[-1])
    table(rows)


def _prepare(folder: Path) -> _Prepared:
    """Have go fetch a toolchain, and make archives of it. Raises Absent."""
    if not shutil.which("go"):
        raise Absent("go is not installed")
    prepared = _Prepared(_release(), folder)
    switch = _switch(prepared.release, folder / "modules", os.environ.get("GOPROXY", ""))
    done = subprocess.run(["go", "version"], env=switch, capture_output=True, check=False)
    if done.returncode:
        raise Absent(f"go cannot fetch Go {prepared.release.version}: {done.stderr.decode()}")
    # Then go asks this folder for the checksum database too, not the network.
    for database in (prepared.proxy / "sumdb").iterdir():
        (database / "supported").touch()
    argv = _argv(prepared, "install", folder / "once")
    (folder / "once").mkdir()
    subprocess.run(argv, env=_env(), check=True)
    subprocess.run(
        [*_child(), "pack", str(folder / "once/go"), str(prepared.archive)], env=_env(), check=True
    )
    subprocess.run(["tar", "-C", str(prepared.goroot), "-czf", str(prepared.tar), "."], check=True)
    return prepared


def _release() -> Release:
    own = output_of(["go", "env", "GOVERSION"]).strip()
    source = ROOT / "buildpack.toml"
    document = toml.loads(source.read_text(encoding="utf-8"), source=str(source))
    metadata = toml.get_table(document, "metadata", source=str(source))
    known = releases(metadata, machine_architecture())
    others = [each for each in known if each.module_hash and f"go{each.version}" != own]
    return max(others, key=lambda release: release.version)


def _sides(prepared: _Prepared) -> list[Command]:
    archive, tar = str(prepared.archive), str(prepared.tar)
    return [
        _in_new_folder(prepared, f"{_INSTALL}: gobp", _argv(prepared, "install", Path())),
        _in_new_folder(prepared, f"{_INSTALL}: go", ["go", "version"]),
        _in_new_folder(prepared, f"{_INSTALL}: tar -xzf alone", ["tar", "-xzf", tar]),
        _in_new_folder(prepared, f"{_CACHED}: gobp", [*_child(), "unpack", archive, "."]),
        _in_new_folder(prepared, f"{_CACHED}: tar --zstd", ["tar", "--zstd", "-xf", archive]),
    ]


def _in_new_folder(prepared: _Prepared, name: str, argv: Sequence[str]) -> Command:
    """Return a command that runs in a new folder each time; the folder is kept.

    Removing files makes ext4 slower at making the next, so nothing is removed before the end.
    """
    work = prepared.folder / "work" / name
    work.mkdir(parents=True)
    script = f'cd "$(mktemp -d)" && export GOMODCACHE=$PWD && exec {shlex.join(argv)}'
    env = _switch(prepared.release, Path("unset"), f"file://{prepared.proxy}")
    return Command(name, ("/bin/sh", "-c", script), work, {**env, "TMPDIR": str(work)})


def _argv(prepared: _Prepared, action: str, folder: Path) -> list[str]:
    release = prepared.release
    what = [prepared.url, str(release.version), release.architecture, release.module_hash]
    return [*_child(), action, *what, str(folder)]


def _child() -> list[str]:
    return [sys.executable, "-S", "-B", str(_CHILD)]


def _env() -> dict[str, str]:
    packages = os.pathsep.join([str(ROOT), *(path for path in sys.path if "site-packages" in path)])
    return {**os.environ, "PYTHONPATH": packages}


def _switch(release: Release, modules: Path, goproxy: str) -> dict[str, str]:
    """Return the environment in which the go command changes to a release."""
    env = {**_env(), "GOTOOLCHAIN": f"go{release.version}", "GOMODCACHE": str(modules)}
    env |= {"GOFLAGS": "-modcacherw"}  # so that what it unpacks can be removed
    return {**env, "GOPROXY": goproxy} if goproxy else env


def _newest(folder: Path) -> Path:
    return max(folder.iterdir(), key=lambda path: path.stat().st_ctime)


def _row(name: str, measured: Sequence[Run], files: int) -> dict[str, Value]:
    case, _, side = name.partition(": ")
    return {
        "case": case,
        "side": side,
        "seconds": statistics.median(each.seconds for each in measured),
        "least": min(each.seconds for each in measured),
        "cpu": min(each.cpu_seconds for each in measured),
        "files": files,
        "rounds": len(measured),
    }
