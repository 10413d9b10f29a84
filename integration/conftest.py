"""Fixtures around the real tools; each is made once a session, and undone at its end."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from integration import lab
from integration.docker import Docker, free_port, run
from integration.lab import ROOT, Given, LabUnavailable, Pack

MAKE_SECONDS = 900


@contextmanager
def lab_or_skip(env: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Skip with the reason when the lab is missing; fail when GOBP_REQUIRE_LAB=1 demands it."""
    try:
        yield
    except LabUnavailable as reason:
        if env.get("GOBP_REQUIRE_LAB") == "1":
            pytest.fail(f"GOBP_REQUIRE_LAB=1, but {reason}")
        pytest.skip(str(reason))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the module proxy that may run beside those that have a docker to share."""
    for item in items:
        name = item.path.name
        if name.startswith("test_modules_") and name != "test_modules_builds.py":
            item.add_marker("modules")


@pytest.fixture(scope="session")
def tools() -> Path:
    """The directory of pack and the lifecycle."""
    with lab_or_skip():
        lab.ensure_tools()
    return lab.TOOLS


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """A dockerd with the lab's images; what the session makes in it is removed."""
    with lab_or_skip():
        lab.ensure_lab()
    session = Docker(prefix=f"gobp-it-{secrets.token_hex(4)}")
    yield session
    session.remove_all()


@pytest.fixture(scope="session")
def pack(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """``pack build`` with caches of this session alone."""
    with lab_or_skip():
        proxy = lab.go_proxy()
    return Pack(docker, tmp_path_factory.mktemp("pack-home"), proxy)


def make(target: str) -> None:
    """Run a target of the Makefile; its output is the failure's text."""
    done = run(["make", "-C", str(ROOT), target], seconds=MAKE_SECONDS)
    if done.returncode != 0:
        pytest.fail(f"make {target} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The interpreter that a packaged buildpack brings."""
    make("runtime")
    return ROOT / "runtime"


@pytest.fixture(scope="session")
def dist(runtime: Path) -> Path:
    """The packaged buildpack: ``buildpack/`` and ``gobp.cnb``."""
    make("package")
    return ROOT / "dist"


@pytest.fixture(scope="session")
def bare_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone of the repository: what is committed, and nothing else."""
    clone = tmp_path_factory.mktemp("clone") / "gobp"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True, timeout=120)
    return clone


@pytest.fixture(scope="session")
def clone(bare_clone: Path, runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which ``make runtime`` ran."""
    copy = tmp_path_factory.mktemp("ready") / "gobp"
    shutil.copytree(bare_clone, copy, symlinks=True)
    shutil.copytree(runtime, copy / "runtime", symlinks=True)
    return copy


@pytest.fixture(scope="session")
def packaged(dist: Path) -> Given:
    """The packaged buildpack as one file."""
    return Given(str(dist / "gobp.cnb"), dist)


@pytest.fixture(scope="session")
def shell_buildpack() -> Given:
    """A stand-in in shell, for tests of the harness itself."""
    return Given("./shell_buildpack", Path(__file__).parent / "testdata")


@pytest.fixture(scope="session")
def upstream() -> str:
    """The first of the module proxies that the go command here is configured to use."""
    with lab_or_skip():
        first = lab.go_proxy().replace("|", ",").split(",")[0]
    if not first.startswith("https://"):
        pytest.skip(f"the go command here is to use no https module proxy, but {first!r}")
    return first


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry on a free port; its ``host:port``."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry (Debian package docker-registry) is not installed")
    address = f"127.0.0.1:{free_port()}"
    work = tmp_path_factory.mktemp("registry")
    config = work / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {work / 'data'}}}}}\n"
        f"http: {{addr: '{address}'}}\n"
    )
    with (work / "log").open("w") as log:
        process = subprocess.Popen(
            [program, "serve", config], stdout=log, stderr=log, env={"OTEL_TRACES_EXPORTER": "none"}
        )
        try:
            wait_for(f"http://{address}/v2/", process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return once the server answers; fail when it ended or stays silent for ten seconds."""
    for _ in range(100):
        if process.poll() is not None:
            break
        try:
            requests.get(url, timeout=2)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nothing answers at {url} (exit status {process.poll()})")
