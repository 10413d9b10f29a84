"""What the log says of profiles, and of C code that is left out."""

from pathlib import Path

import pytest

from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.go_build.notices import say_what_go_does
from gobp.system.process import Captured
from tests.fakes.a_build import a_build
from tests.fakes.scripted_commands import ScriptedCommands

APP = {
    "go.mod": "module example.com/app\n",
    "cmd/web/main.go": "package main\n",
    "cmd/web/default.pgo": "profile",
    "cmd/job/main.go": "package main\n",
}
NO_COMPILER = Captured(0, "0\n", "")
COMPILER = Captured(0, "1\n", "")


def said(root: Path, asked: Captured, listed: str = "", **env: str) -> str:
    commands = ScriptedCommands({("go", "env"): asked, ("go", "list"): Captured(0, listed, "")})
    made = a_build(root, files=APP, env=env, commands=commands)
    config = read_config(made.context.facts)
    say_what_go_does(made.context, config, cwd=made.context.app_dir, env=env)
    return made.said.getvalue()


@pytest.mark.parametrize("targets", ["", "cmd/web", "./...", "cmd/..."])
def test_the_profile_of_a_program_is_named_with_its_size(tmp_path: Path, targets: str) -> None:
    text = said(tmp_path, COMPILER, BP_GO_TARGETS=targets)

    assert text == "  Optimizing with the profile cmd/web/default.pgo (7 bytes)\n"


@pytest.mark.parametrize(
    "env", [{"BP_GO_TARGETS": "cmd/job"}, {"BP_GO_BUILD_FLAGS": "-pgo=off"}], ids=str
)
def test_a_profile_that_go_does_not_use_is_not_named(tmp_path: Path, env: dict[str, str]) -> None:
    assert said(tmp_path, COMPILER, **env) == ""


def test_a_profile_that_a_flag_names_is_the_one(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/prod.pgo").write_text("")

    text = said(tmp_path, COMPILER, BP_GO_BUILD_FLAGS="-pgo=prod.pgo")

    assert text == "  Optimizing with the profile prod.pgo (0 bytes)\n"


def test_c_code_that_no_compiler_is_there_for_is_warned_of(tmp_path: Path) -> None:
    text = said(tmp_path, NO_COMPILER, "\nexample.com/sqlite\n", BP_GO_TARGETS="cmd/job")

    assert "Warning: built without their C code" in text
    assert "no C compiler: example.com/sqlite." in text


def test_of_many_packages_the_first_are_named(tmp_path: Path) -> None:
    listed = "\n".join(f"example.com/c{number}" for number in range(8))

    text = said(tmp_path, NO_COMPILER, listed, BP_GO_TARGETS="cmd/job")

    assert "example.com/c4 and 3 more." in text
    assert "example.com/c5" not in text


@pytest.mark.parametrize(
    ("asked", "env"), [(COMPILER, {}), (NO_COMPILER, {"CGO_ENABLED": "0"})], ids=["gcc", "meant"]
)
def test_there_is_no_warning_where_all_is_as_meant(
    tmp_path: Path, asked: Captured, env: dict[str, str]
) -> None:
    assert said(tmp_path, asked, "example.com/sqlite", BP_GO_TARGETS="cmd/job", **env) == ""


def test_there_is_no_warning_of_an_app_without_c_code(tmp_path: Path) -> None:
    assert said(tmp_path, NO_COMPILER, "\n\n", BP_GO_TARGETS="cmd/job") == ""
