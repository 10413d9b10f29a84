import os
import shutil
from pathlib import Path

import pytest

from gobp.buildpack.supply.helpers import (
    STAMP,
    helper_id,
    prebuilt_helper,
    programs,
    put_helper,
    source_files,
    stamp_line,
)
from gobp.errors import UserError
from gobp.system.process import SystemCommands
from tests.fakes.a_build import ABuild, a_build

PROGRAM = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello\\n") }\n'
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="go is not on the PATH")


def with_sources(root: Path, program: str = PROGRAM) -> Path:
    sources = root / "buildpack" / "helpers"
    (sources / "greet").mkdir(parents=True)
    (sources / "go.mod").write_text("module example.com/helpers\n\ngo 1.21\n")
    (sources / "greet" / "main.go").write_text(program)
    return sources


def with_prebuilt(root: Path, *, of: str) -> None:
    folder = root / "buildpack" / "runtime" / "helpers"
    (folder / "amd64").mkdir(parents=True)
    (folder / "amd64" / "greet").write_bytes(b"prebuilt")
    (folder / STAMP).write_text(f"{of}\ngo 1.26.8\n")


def real_build(root: Path, **env: str) -> ABuild:
    return a_build(root, env={"PATH": os.environ["PATH"], **env}, commands=SystemCommands())


def test_a_prebuilt_helper_is_copied(tmp_path: Path) -> None:
    with_prebuilt(tmp_path, of=stamp_line(with_sources(tmp_path), "greet"))
    build = a_build(tmp_path)

    put_helper(build.context, "greet", tmp_path / "layer" / "exec.d" / "greet")

    target = tmp_path / "layer" / "exec.d" / "greet"
    assert target.read_bytes() == b"prebuilt"
    assert target.stat().st_mode & 0o777 == 0o755
    assert build.said.getvalue() == ""


def test_a_prebuilt_helper_needs_no_sources(tmp_path: Path) -> None:
    with_prebuilt(tmp_path, of="0")

    put_helper(a_build(tmp_path).context, "greet", tmp_path / "greet")

    assert (tmp_path / "greet").read_bytes() == b"prebuilt"


def test_without_go_the_remedy_is_the_package(tmp_path: Path) -> None:
    with_sources(tmp_path)

    with pytest.raises(UserError, match="the helper greet cannot be compiled") as raised:
        put_helper(a_build(tmp_path).context, "greet", tmp_path / "greet")

    assert "gobp.cnb" in raised.value.remedy


def test_a_helper_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no helper greet"):
        put_helper(a_build(tmp_path).context, "greet", tmp_path / "greet")


def test_tests_and_shared_packages_are_no_programs(tmp_path: Path) -> None:
    sources = with_sources(tmp_path)
    (sources / "internal" / "shared").mkdir(parents=True)
    (sources / "internal" / "shared" / "shared.go").write_text("package shared\n")
    (sources / "greet" / "main_test.go").write_text("package main\n")

    assert programs(sources) == ("greet",)
    assert [path.relative_to(sources).as_posix() for path in source_files(sources)] == [
        "go.mod",
        "greet/main.go",
        "internal/shared/shared.go",
    ]


def test_the_stamp_follows_names_and_contents_of_the_program_and_what_it_shares(
    tmp_path: Path,
) -> None:
    sources = with_sources(tmp_path)
    lines = [stamp_line(sources, "greet")]

    (sources / "greet" / "main.go").rename(sources / "greet" / "other.go")
    lines.append(stamp_line(sources, "greet"))
    (sources / "internal").mkdir()
    (sources / "internal" / "shared.go").write_text("package internal\n")
    lines.append(stamp_line(sources, "greet"))
    (sources / "another").mkdir()
    (sources / "another" / "main.go").write_text("package main\n")

    assert len(set(lines)) == 3
    assert stamp_line(sources, "greet") == lines[-1]


@needs_go
def test_the_id_changes_with_what_is_written(tmp_path: Path) -> None:
    with_sources(tmp_path)
    compiled = helper_id(real_build(tmp_path).context, "greet")
    with_prebuilt(tmp_path, of=stamp_line(tmp_path / "buildpack" / "helpers", "greet"))

    prebuilt = helper_id(real_build(tmp_path).context, "greet")

    assert "linux/amd64 go1." in compiled
    assert prebuilt.startswith("sha256:")
    assert prebuilt_helper(a_build(tmp_path).context, "greet") is not None
