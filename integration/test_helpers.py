"""The programs in Go that go into images, compiled by the real go: in a build and for a package."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gobp.buildpack.supply.helpers import STAMP, put_helper
from gobp.errors import UserError
from gobp.system.machine import machine_architecture
from gobp.system.process import SystemCommands
from release.helpers import build_helpers
from tests.fakes.a_build import ABuild, a_build

PROGRAM = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello\\n") }\n'
pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="go is not on the PATH")


def with_sources(root: Path, program: str = PROGRAM) -> Path:
    sources = root / "buildpack" / "helpers"
    (sources / "greet").mkdir(parents=True)
    (sources / "go.mod").write_text("module example.com/helpers\n\ngo 1.21\n")
    (sources / "greet" / "main.go").write_text(program)
    return sources


def real_build(root: Path, **env: str) -> ABuild:
    return a_build(root, env={"PATH": os.environ["PATH"], **env}, commands=SystemCommands())


def test_a_helper_of_older_sources_is_compiled_anew(tmp_path: Path) -> None:
    with_sources(tmp_path)
    folder = tmp_path / "buildpack" / "runtime" / "helpers"
    (folder / "amd64").mkdir(parents=True)
    (folder / "amd64" / "greet").write_bytes(b"prebuilt")
    (folder / STAMP).write_text("0\ngo 1.26.8\n")

    put_helper(real_build(tmp_path).context, "greet", tmp_path / "greet")

    assert subprocess.check_output([tmp_path / "greet"]) == b"hello\n"


def test_a_compiled_helper_is_the_same_whatever_the_user_set_and_wherever_it_lies(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one", tmp_path / "elsewhere" / "two"
    for root in (one, two):
        root.mkdir(parents=True)
        with_sources(root).chmod(0o555)
    settings = {"GOFLAGS": "-race", "CGO_ENABLED": "1", "GOARCH": "386", "GOAMD64": "v3"}

    put_helper(real_build(one).context, "greet", one / "greet")
    build = real_build(two, **settings)
    put_helper(build.context, "greet", two / "greet")

    assert (one / "greet").read_bytes() == (two / "greet").read_bytes()
    assert "Compiling the helper greet" in build.said.getvalue()
    assert list(build.context.layers.root.iterdir()) == []


def test_a_helper_that_does_not_compile_says_why(tmp_path: Path) -> None:
    with_sources(tmp_path, "package main\n\nfunc main() { missing() }\n")

    with pytest.raises(UserError, match="the helper greet cannot be compiled") as raised:
        put_helper(real_build(tmp_path).context, "greet", tmp_path / "greet")

    assert "undefined: missing" in raised.value.detail
    assert not (tmp_path / "greet").exists()


def test_helpers_are_made_for_both_architectures_once_and_again_when_they_change(
    tmp_path: Path,
) -> None:
    sources = with_sources(tmp_path)
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
