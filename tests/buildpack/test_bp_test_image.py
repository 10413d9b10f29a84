"""An image that tests: its process, and what go finds in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildpack.component import Fail, Pass
from gobp.buildpack.merge import merge
from gobp.buildpack.test_image.build import build
from gobp.buildpack.test_image.detect import detect
from gobp.cnb.launch import Launch, Process
from gobp.cnb.phases import Target
from gobp.errors import UserError
from tests.fakes.a_build import ABuild, a_build

APP = {"go.mod": "module example.com/app\n\ngo 1.26\n", "main.go": "package main\n"}
VENDORED = {**APP, "vendor/modules.txt": ""}


def process(made: ABuild) -> Process:
    (only,) = build(made.context).processes
    return only


def variables(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "layers/test/env.launch"
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_go_is_required_in_the_image_with_its_tools_for_tests(tmp_path: Path) -> None:
    result = detect(a_build(tmp_path, env={"CNB_EXEC_ENV": "test"}).context.facts)

    assert isinstance(result, Pass)
    assert result.plan.requires[0].metadata == {"build": True, "launch": True, "test": True}
    assert isinstance(detect(a_build(tmp_path).context.facts), Fail)


def test_the_process_tests_every_package_with_the_flags_of_the_build(tmp_path: Path) -> None:
    made = a_build(
        tmp_path,
        files=VENDORED,
        env={"BP_GO_BUILD_FLAGS": "-tags=x", "BP_GO_TEST_FLAGS": "-v", "BP_GO_TEST": "true"},
    )

    assert process(made) == Process(
        type="test",
        command=("go", "test", "-mod=vendor", "-buildmode=pie", "-tags=x", "-v"),
        args=("./...",),
        default=True,
        working_directory=str(tmp_path / "app"),
    )


def test_packages_that_are_named_are_what_users_may_replace(tmp_path: Path) -> None:
    made = a_build(tmp_path, files=VENDORED, env={"BP_GO_TEST": "-short ./a ./b/..."})

    assert process(made).command[-1] == "-short"
    assert process(made).args == ("./a", "./b/...")


def test_go_in_the_image_needs_neither_network_nor_home(tmp_path: Path) -> None:
    build(a_build(tmp_path, files=VENDORED, env={"GOFLAGS": "-tags=y"}).context)

    assert variables(tmp_path) == {
        "GOCACHE.default": "/tmp/go-build",
        "GOFLAGS.default": "-tags=y -mod=vendor",
        "GOPATH.default": "/tmp/go",
        "GOPROXY.default": "off",
        "GOTOOLCHAIN.default": "local",
    }


def test_modules_that_are_not_vendored_are_in_the_image(tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    (modules / "example.com/m@v1.0.0").mkdir(parents=True)
    files = {**APP, "vendor/jquery.js": ""}

    build(a_build(tmp_path, files=files, env={"GOMODCACHE": str(modules)}).context)

    layer = tmp_path / "layers/test"
    assert (layer / "modules/example.com/m@v1.0.0").is_dir()
    assert variables(tmp_path)["GOMODCACHE.default"] == str(layer / "modules")
    assert variables(tmp_path)["GOFLAGS.default"] == "-mod=readonly"


def test_an_app_without_modules_is_tested_in_a_gopath(tmp_path: Path) -> None:
    files = {"main.go": "package main\n"}
    env = {"BP_GO_BUILD_IMPORT_PATH": "example.com/old"}

    only = process(a_build(tmp_path, files=files, env=env))

    folder = tmp_path / "layers/test/src/example.com/old"
    assert only.working_directory == str(folder)
    assert (folder / "main.go").is_file()
    assert variables(tmp_path)["GOPATH.default"] == str(tmp_path / "layers/test")


def test_an_image_for_another_machine_cannot_hold_the_go_of_this_one(tmp_path: Path) -> None:
    context = a_build(tmp_path, files=VENDORED).context
    facts = replace(context.facts, target=Target("linux", "arm64"))

    with pytest.raises(UserError, match="cannot be made for arm64 on amd64"):
        build(replace(context, facts=facts))


@pytest.mark.parametrize("other", ["web", "worker"])
def test_the_other_processes_stay_and_are_not_the_default(tmp_path: Path, other: str) -> None:
    programs = Launch(processes=(Process(other, ("/bin/app",), default=True),))

    launch = merge([programs, build(a_build(tmp_path, files=VENDORED).context)])

    assert {each.type: each.default for each in launch.processes} == {other: False, "test": True}
