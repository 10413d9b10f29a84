"""The tests of the helpers in Go, run by go."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gobp.buildpack.supply.helpers import programs

HELPERS = Path(__file__).parents[2] / "helpers"
needs_go = pytest.mark.skipif(
    shutil.which("go") is None, reason="go, which tests the helpers, is not on the PATH"
)


@needs_go
@pytest.mark.parametrize("program", programs(HELPERS))
def test_the_helper_passes_its_own_tests(program: str) -> None:
    settings = {"GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local", "GOPROXY": "off"}
    for command in ("vet", "test"):
        done = subprocess.run(
            ["go", command, f"./{program}/..."],
            cwd=HELPERS,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_helpers_need_nothing_but_go_itself() -> None:
    assert (HELPERS / "go.mod").read_text() == "module gobp/helpers\n\ngo 1.21\n"
    assert not (HELPERS / "go.sum").exists()
