"""The Go programs for images pass their own tests and go vet."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gobp.buildpack.supply.helpers import programs

SOURCES = Path(__file__).parents[2] / "helpers"
SECONDS = 300


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not on the PATH")
@pytest.mark.parametrize("name", programs(SOURCES))
@pytest.mark.parametrize("command", [("vet",), ("test", "-count=1")], ids=["vet", "test"])
@pytest.mark.slow
def test_the_go_program_passes_its_own_tests(name: str, command: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["go", *command, f"./{name}"],
        cwd=SOURCES,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
