"""The go command's own script tests, with their module traffic sent through gobp.

The rig (``shared/tools/go-conformance``) builds Go's tests with a fixture proxy of 252 odd
modules; gobp stands between the go command and that fixture.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.docker import free_port
from integration.lab import SCRIPTS
from integration.module_servers import running

RIG = SCRIPTS / "go-conformance"
DATABASE = "localhost.localdev/sumdb"
SCRIPTS_IN_ALL = 245
MAY_DIFFER = {"mod_bad_filenames", "mod_load_badzip"}  # they want the client's own words
_COUNT = re.compile(r"gobp pass (\d+) fail (\d+) skip \d+ seconds \d+\n(.*)")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Go's tests, built to send plain requests to another proxy."""
    if not RIG.is_dir():
        pytest.skip(f"the go command's tests need {RIG}, which is not there")
    if shutil.which("patch") is None or shutil.which("go") is None:
        pytest.skip("the go command's tests need go and patch")
    folder = tmp_path_factory.mktemp("go-conformance")
    done = subprocess.run(
        [RIG / "setup.sh", folder], capture_output=True, text=True, timeout=580, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def upstream(rig: Path) -> Iterator[str]:
    """The fixture of Go's tests as a proxy of its own."""
    port = free_port()
    with (rig / "fixture.log").open("w") as log:
        process = subprocess.Popen(
            [rig / "gotest", f"-proxy=127.0.0.1:{port}"],
            cwd=rig / "goroot/src/cmd/go",
            env={"GOROOT": str(rig / "goroot"), "PATH": "/usr/bin:/bin", "HOME": str(rig)},
            stdout=log,
            stderr=log,
        )
        try:
            time.sleep(1)
            assert process.poll() is None, (rig / "fixture.log").read_text()
            yield f"http://127.0.0.1:{port}/mod"
        finally:
            process.kill()
            process.wait()


def settings(upstream: str, *, check_zips: bool) -> dict[str, object]:
    return {
        "upstream": {"proxies": upstream},
        "sums": {"database": "off", "proxied": [DATABASE]},
        "check_zips": check_zips,
    }


def run_scripts(rig: Path, url: str) -> tuple[int, set[str]]:
    """Run the scripts through a proxy; return how many passed, and the names of the others.

    Fails with what go said where a script fails that may not.
    """
    done = subprocess.run(
        [RIG / "run.sh", rig, "gobp", url], capture_output=True, text=True, timeout=590, check=False
    )
    match = _COUNT.search(done.stdout)
    assert match is not None, done.stdout + done.stderr
    failed = set(match[3].split())
    log = (rig / "gobp.log").read_text()
    assert failed <= MAY_DIFFER, "\n".join(said_of(name, log) for name in failed - MAY_DIFFER)
    return int(match[1]), failed


def said_of(script: str, log: str) -> str:
    """Return the part of the log of Go's tests about one script."""
    return log.partition(f"--- FAIL: TestScript/{script} ")[2].partition("\n    --- ")[0]


def test_go_itself_is_content_with_every_answer(rig: Path, upstream: str, tmp_path: Path) -> None:
    with running(settings(upstream, check_zips=False), tmp_path) as server:
        passed, failed = run_scripts(rig, server.url)

    assert (passed, failed) == (SCRIPTS_IN_ALL, set())


def test_go_sees_zips_refused_that_break_the_rules_of_modules(
    rig: Path, upstream: str, tmp_path: Path
) -> None:
    with running(settings(upstream, check_zips=True), tmp_path) as server:
        passed, _ = run_scripts(rig, server.url)

    assert passed >= SCRIPTS_IN_ALL - len(MAY_DIFFER)
