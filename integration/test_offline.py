"""The offline package, with the network off: it brings Go, and its compiled standard library."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from gobp.system import packed
from gobp.system.machine import machine_architecture
from integration.by_hand import Workbench, go_env
from integration.docker import Docker
from integration.lab import ROOT, Given, Pack

SECONDS = 1800
VENDORED = ROOT / "samples/vendored"
SYSTEM_PATH = "/usr/bin:/bin"
_STANDARD = re.compile(r"^ *((?:[a-z0-9]+/)*[a-z0-9]+)$", re.MULTILINE)

needs_namespaces = pytest.mark.skipif(os.geteuid() != 0, reason="unshare -n needs root")


@pytest.fixture(scope="module")
def offline() -> Path:
    """The offline package of the version of Go that is here, for this machine; a folder."""
    version = go_env("GOVERSION").removeprefix("go")
    settings = [f"OFFLINE_GO={version}", f"ARCHES={machine_architecture()}", "OFFLINE_SEED=1"]
    done = subprocess.run(
        ["make", "-C", ROOT, "package", *settings],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if "cannot be packaged" in done.stderr:
        pytest.skip(f"NOT TESTED: {done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "dist/buildpack-offline"


@pytest.fixture
def bench(offline: Path, tmp_path: Path) -> Workbench:
    """A build without network and without Go, by a copy of the package in another place."""
    if shutil.which("go", path=SYSTEM_PATH) is not None:
        pytest.skip(f"NOT TESTED: there is a go command on {SYSTEM_PATH}")
    copy = shutil.copytree(offline, tmp_path / "buildpack")
    # With -v go names every package that it compiles.
    return Workbench(
        tmp_path,
        env={"GOFLAGS": "-buildvcs=false -v"},
        prefix=("unshare", "-n"),
        buildpack=copy,
        path=SYSTEM_PATH,
    )


def vendored() -> dict[str, bytes]:
    """Return the sample app that has its modules with it."""
    files = [path for path in VENDORED.rglob("*") if path.is_file()]
    return {path.relative_to(VENDORED).as_posix(): path.read_bytes() for path in files}


def standard_packages(log: str) -> list[str]:
    """Return the packages of the standard library that a build compiled, by its log."""
    _, running, compiling = log.partition("Running 'go build ")
    assert running, log
    return _STANDARD.findall(compiling)


@needs_namespaces
def test_an_app_is_built_without_network_and_without_compiling_the_library(
    bench: Workbench,
) -> None:
    done = bench.build(vendored())

    assert done.status == 0, done.output
    assert "Starting from the compiled standard library of Go" in done.output
    assert "https://" not in done.output
    assert standard_packages(done.output) == []
    assert (bench.layers / "targets/bin/vendored").is_file()


@needs_namespaces
def test_static_programs_start_from_a_library_of_their_own(bench: Workbench) -> None:
    done = bench.build(vendored(), BP_GO_STATIC="true")

    assert done.status == 0, done.output
    assert standard_packages(done.output) == []


@needs_namespaces
def test_the_cache_keeps_of_the_library_what_the_app_uses(bench: Workbench) -> None:
    bench.build(vendored())
    bench.restore()
    archive = bench.layers / "gocache/base.tar.zst"
    (bench.root / "kept").mkdir()
    kept = packed.unpack(archive, bench.root / "kept")
    first = sum(1 for name in kept if name.endswith("-d"))

    again = bench.build(vendored())

    assert "Starting from" not in again.output
    assert standard_packages(again.output) == []
    assert 0 < first < 600


@needs_namespaces
def test_without_the_compiled_library_it_is_compiled(bench: Workbench) -> None:
    """The control: what the tests above look for is there to be seen."""
    descriptor = bench.buildpack / "buildpack.toml"
    descriptor.write_text(descriptor.read_text().replace('"go-std-', '"none-'))

    done = bench.build(vendored())

    assert done.status == 0, done.output
    assert {"runtime", "net/http"} <= set(standard_packages(done.output))


@needs_namespaces
def test_a_version_that_is_not_in_the_package_is_refused_by_the_names_of_those_that_are(
    bench: Workbench, offline: Path
) -> None:
    done = bench.build(vendored(), BP_GO_VERSION="1.21.13")

    dependencies = tomllib.loads((offline / "buildpack.toml").read_text())["metadata"]
    (version,) = [d["version"] for d in dependencies["dependencies"] if d["id"] == "go"]
    assert done.status == 1
    assert f"known to this buildpack: {version}\n" in done.output
    assert "Traceback" not in done.output


@needs_namespaces
def test_a_damaged_go_in_the_package_is_refused(bench: Workbench) -> None:
    descriptor = tomllib.loads((bench.buildpack / "buildpack.toml").read_text())
    (uri,) = [d["uri"] for d in descriptor["metadata"]["dependencies"] if d["id"] == "go"]
    packaged = bench.buildpack / uri.removeprefix("file:///")
    content = bytearray(packaged.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    packaged.write_bytes(content)

    done = bench.build(vendored())

    assert done.status == 1
    assert "Traceback" not in done.output
    assert not (bench.layers / "go").exists()


@needs_namespaces
def test_tests_find_their_tools_in_the_package(bench: Workbench) -> None:
    done = bench.build(vendored(), BP_GO_VET="true")

    assert done.status == 0, done.output
    assert "Running 'go vet" in done.output


def test_pack_builds_an_app_with_a_network_of_none(
    pack: Pack, docker: Docker, offline: Path
) -> None:
    given = Given("dist/gobp-offline.cnb", offline.parent.parent)

    built = pack.build("offline", VENDORED, given, options=["--network", "none"])

    assert "Starting from the compiled standard library of Go" in built.log
    with docker.serve(built.image) as server:
        assert server.request("POST", "/count", data="one two Two").json() == {"one": 1, "two": 2}
