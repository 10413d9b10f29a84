import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gobp.system.machine import machine_architecture
from release.helpers import build_helpers

PROGRAM = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello\\n") }\n'
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="go is not on the PATH")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "helpers"
    (folder / "greet").mkdir(parents=True)
    (folder / "go.mod").write_text("module example.com/helpers\n\ngo 1.21\n")
    (folder / "greet" / "main.go").write_text(PROGRAM)
    return folder


@needs_go
def test_helpers_are_made_for_both_architectures_once_and_again_when_they_change(
    sources: Path, tmp_path: Path
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()

    first = build_helpers(runtime, sources, os.environ)
    again = build_helpers(runtime, sources, os.environ)
    made = {path.relative_to(runtime).as_posix() for path in runtime.rglob("*") if path.is_file()}
    greeting = subprocess.check_output([runtime / "helpers" / machine_architecture() / "greet"])
    (sources / "greet" / "main.go").write_text(PROGRAM.replace("hello", "good day"))
    changed = build_helpers(runtime, sources, os.environ)

    assert first.startswith("compiled the helpers with Go 1.")
    assert first.endswith(": greet")
    assert again == "runtime/helpers is up to date"
    assert made == {
        "helpers/amd64/greet",
        "helpers/arm64/greet",
        "helpers/stamp",
        "licenses/go/LICENSE",
    }
    assert greeting == b"hello\n"
    assert changed == first


def test_without_go_the_helpers_are_left_out_and_that_is_said(
    sources: Path, tmp_path: Path
) -> None:
    (tmp_path / "runtime" / "helpers").mkdir(parents=True)

    said = build_helpers(tmp_path / "runtime", sources, {"PATH": str(tmp_path)})

    assert said.startswith("WARNING: this machine has no go")
    assert not (tmp_path / "runtime" / "helpers").exists()
