from pathlib import Path

import pytest

from release.helpers import build_helpers

PROGRAM = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello\\n") }\n'


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "helpers"
    (folder / "greet").mkdir(parents=True)
    (folder / "go.mod").write_text("module example.com/helpers\n\ngo 1.21\n")
    (folder / "greet" / "main.go").write_text(PROGRAM)
    return folder


def test_without_go_the_helpers_are_left_out_and_that_is_said(
    sources: Path, tmp_path: Path
) -> None:
    (tmp_path / "runtime" / "helpers").mkdir(parents=True)

    said = build_helpers(tmp_path / "runtime", sources, {"PATH": str(tmp_path)})

    assert said.startswith("WARNING: this machine has no go")
    assert not (tmp_path / "runtime" / "helpers").exists()
