"""The names of programs without go: the judge is the real ``go list``."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildpack.go.command import go_environment
from gobp.buildpack.go_build.binaries import list_binaries, parse_packages
from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.go_build.names import known_programs
from gobp.errors import UserError
from gobp.system.process import SystemCommands
from tests.fakes.a_build import a_build
from tests.fakes.scripted_commands import ScriptedCommands

MOD = {"go.mod": "module example.com/team/App/v2\n\ngo 1.21\n"}
MAIN = "// Package main is it.\npackage main\n\nfunc main() {}\n"
TWO = {**MOD, "cmd/web/main.go": MAIN, "cmd/job/main.go": MAIN, "lib/lib.go": "package lib\n"}
OTHERS = {"main_windows.go": "package lib\n", "main_test.go": "package main_test\n"}
BEHIND_A_TAG = {**MOD, "main.go": f"//go:build web\n\n{MAIN}", "doc.go": "package documentation\n"}
NESTED = {**TWO, "cmd/job/go.mod": "module example.com/job\n\ngo 1.21\n"}
INNER = {"src/go.mod": "module app\n\ngo 1.21\n", "src/cmd/web/main.go": MAIN}

KNOWN = {
    "the root, of a major version": ({**MOD, "main.go": MAIN}, {}),
    "two below cmd": (TWO, {}),
    "one that is named": (TWO, {"BP_GO_TARGETS": "./cmd/web/"}),
    "files of other systems, and tests": ({**MOD, "main.go": MAIN, **OTHERS}, {}),
    "a file behind a tag": (BEHIND_A_TAG, {"BP_GO_BUILD_FLAGS": "-tags=web"}),
    "a module below the app's root": (INNER, {"BP_GO_WORKDIR": "src"}),
    "a folder below the module's root": (
        INNER,
        {"BP_GO_WORKDIR": "src/cmd", "BP_GO_TARGETS": "web"},
    ),
}
LEFT_TO_GO = {
    "a pattern": (TWO, {"BP_GO_TARGETS": "./..."}),
    "a file": (TWO, {"BP_GO_TARGETS": "cmd/web/main.go"}),
    "an import path": (TWO, {"BP_GO_TARGETS": "example.com/team/App/v2/cmd/web"}),
    "a library": (TWO, {"BP_GO_TARGETS": "lib"}),
    "no source": ({**TWO, "empty/x.txt": ""}, {"BP_GO_TARGETS": "empty"}),
    "two packages in one folder": ({**TWO, "cmd/web/x.go": "package x\n"}, {}),
    "another module": (NESTED, {"BP_GO_TARGETS": "cmd/job"}),
    "another go.mod": ({**TWO, "o.mod": MOD["go.mod"]}, {"BP_GO_BUILD_FLAGS": "-modfile=o.mod"}),
    "a workspace": ({**TWO, "go.work": "go 1.21\n\nuse .\n"}, {}),
    "another system": (TWO, {"GOOS": "windows"}),
    "no modules": (TWO, {"GO111MODULE": "off"}),
}


def known(root: Path, files: Mapping[str, str], env: Mapping[str, str]) -> tuple[str, ...] | None:
    facts = a_build(root, files=files, env=env).context.facts
    return known_programs(facts, read_config(facts), env)


@pytest.mark.parametrize(("files", "env"), KNOWN.values(), ids=KNOWN)
def test_what_is_known_is_what_go_says(
    tmp_path: Path, files: dict[str, str], env: dict[str, str]
) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not on PATH")
    found = known(tmp_path, files, env)

    config = read_config(a_build(tmp_path, env=env).context.facts)
    argv = ("go", "list", "-find", "-json=ImportPath,Name", *config.flags, *config.targets)
    asked = SystemCommands().capture(
        argv,
        cwd=tmp_path / "app" / config.layout.workdir,
        env={**go_environment({**os.environ, **env}, tmp_path), "GOFLAGS": "-buildvcs=false"},
    )
    packages = parse_packages(asked.stdout)
    assert found is not None, asked.stderr
    assert found == tuple(package.import_path for package in packages)
    assert {package.name for package in packages} == {"main"}


@pytest.mark.parametrize(("files", "env"), LEFT_TO_GO.values(), ids=LEFT_TO_GO)
def test_what_is_not_plain_is_left_to_go(
    tmp_path: Path, files: dict[str, str], env: dict[str, str]
) -> None:
    assert known(tmp_path, files, env) is None


def test_programs_whose_names_are_known_cost_no_command(tmp_path: Path) -> None:
    commands = ScriptedCommands({})
    context = a_build(tmp_path, files=TWO, commands=commands).context

    names = list_binaries(context, read_config(context.facts), cwd=context.app_dir, env={})

    assert names == ("web", "job")
    assert commands.ran == []


def test_two_programs_of_one_name_are_refused_here_too(tmp_path: Path) -> None:
    files = {**TWO, "other/web/main.go": MAIN}
    context = a_build(tmp_path, files=files).context
    facts = replace(context.facts, env={"BP_GO_TARGETS": "cmd/web:other/web"})

    with pytest.raises(UserError, match="two targets give a program of the same name, web"):
        list_binaries(context, read_config(facts), cwd=context.app_dir, env={})
