"""Generators: when they run, with what, and what of the configuration waits for them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.buildpack.component import Fail, Pass
from gobp.buildpack.go_build.check import check
from gobp.buildpack.go_generate.build import build
from gobp.buildpack.go_generate.detect import detect
from gobp.errors import UserError
from gobp.system.process import Captured
from tests.fakes.a_build import a_build
from tests.fakes.scripted_commands import ScriptedCommands

APP = {"go.mod": "module example.com/app\n\ngo 1.26\n", "main.go": "package main\n"}
DONE: Mapping[tuple[str, ...], Captured] = {("go", "generate"): Captured(0, "", "")}


def test_generators_run_only_where_it_is_asked_for(tmp_path: Path) -> None:
    assert isinstance(detect(a_build(tmp_path, files=APP).context.facts), Fail)
    asked = a_build(tmp_path, files=APP, env={"BP_GO_GENERATE": "true"})
    assert isinstance(detect(asked.context.facts), Pass)


def test_flags_and_packages_are_words(tmp_path: Path) -> None:
    commands = ScriptedCommands(DONE)
    env = {
        "BP_GO_GENERATE_FLAGS": "-run 'enum names' -v",
        "BP_GO_GENERATE_ARGS": "./a ./b/...",
        "BP_GO_WORKDIR": "sub",
    }
    files = {**APP, "sub/go.mod": APP["go.mod"]}
    made = a_build(tmp_path, files=files, env=env, commands=commands)

    build(made.context)

    assert commands.ran == [("go", "generate", "-run", "enum names", "-v", "./a", "./b/...")]


def test_all_packages_are_generated_by_default_and_compiles_are_kept(tmp_path: Path) -> None:
    commands = ScriptedCommands(DONE)
    made = a_build(tmp_path, files=APP, commands=commands)

    build(made.context)

    assert commands.ran == [("go", "generate", "./...")]
    assert made.context.session.env["GOCACHE"] == str(tmp_path / "layers/.gocache")


def test_every_module_of_a_workspace_is_generated(tmp_path: Path) -> None:
    folders = f"{tmp_path}/app/a\n{tmp_path}/app/b/c\n{tmp_path}/elsewhere\n"
    commands = ScriptedCommands({**DONE, ("go", "list", "-m"): Captured(0, folders, "")})
    made = a_build(tmp_path, files={"go.work": "go 1.26\n\nuse ./a\n"}, commands=commands)

    build(made.context)

    assert commands.ran[-1] == ("go", "generate", "./a/...", "./b/c/...")


def test_a_vendor_folder_that_is_not_gos_is_passed_over(tmp_path: Path) -> None:
    commands = ScriptedCommands(DONE)
    files = {**APP, "vendor/jquery.js": ""}
    made = a_build(tmp_path, files=files, commands=commands)

    build(made.context)

    assert commands.environments[0]["GOFLAGS"].split()[-1] == "-mod=readonly"


def test_an_app_without_modules_is_told_that_nothing_is_generated(tmp_path: Path) -> None:
    made = a_build(tmp_path, files={"main.go": "package main\n"})

    build(made.context)

    assert "go generate is left out" in made.said.getvalue()


def test_a_program_that_is_yet_to_be_generated_is_no_mistake(tmp_path: Path) -> None:
    files = {"go.mod": APP["go.mod"]}

    check(a_build(tmp_path, files=files, env={"BP_GO_GENERATE": "true"}).context.facts)

    with pytest.raises(UserError, match="no program to build"):
        check(a_build(tmp_path, files=files).context.facts)


def test_flags_are_checked_before_generators_run(tmp_path: Path) -> None:
    env = {"BP_GO_GENERATE": "true", "BP_GO_BUILD_FLAGS": "-o x"}

    with pytest.raises(UserError, match="BP_GO_BUILD_FLAGS"):
        check(a_build(tmp_path, files=APP, env=env).context.facts)
