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
NO_COMPILER = "/nonexistent"
COMPILER = "compiler"  # a folder of the test


def asked(root: Path, path: str, listed: str = "", **env: str) -> tuple[str, int]:
    """Return what is said, and how often go is asked; ``path`` is where a compiler may be."""
    (root / COMPILER).mkdir()
    (root / COMPILER / "gcc").touch(mode=0o755)
    commands = ScriptedCommands({("go", "list"): Captured(0, listed, "")})
    made = a_build(root, files=APP, env=env, commands=commands)
    config = read_config(made.context.facts)
    variables = {"PATH": str(root / path), **env}
    say_what_go_does(made.context, config, cwd=made.context.app_dir, env=variables)
    return made.said.getvalue(), len(commands.ran)


def said(root: Path, path: str, listed: str = "", **env: str) -> str:
    return asked(root, path, listed, **env)[0]


def with_c_code(root: Path, name: str, text: str = 'package main\n\nimport "C"\n') -> Path:
    (root / "app" / name).parent.mkdir(parents=True, exist_ok=True)
    (root / "app" / name).write_text(text)
    return root


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
    with_c_code(tmp_path, "vendor/example.com/sqlite/db.go")

    text = said(tmp_path, NO_COMPILER, "\nexample.com/sqlite\n", BP_GO_TARGETS="cmd/job")

    assert "Warning: built without their C code" in text
    assert "no C compiler: example.com/sqlite." in text


def test_of_many_packages_the_first_are_named(tmp_path: Path) -> None:
    listed = "\n".join(f"example.com/c{number}" for number in range(8))

    text = said(with_c_code(tmp_path, "c.go"), NO_COMPILER, listed, BP_GO_TARGETS="cmd/job")

    assert "example.com/c4 and 3 more." in text
    assert "example.com/c5" not in text


@pytest.mark.parametrize(
    ("path", "env"),
    [
        (COMPILER, {}),
        (NO_COMPILER, {"CGO_ENABLED": "0"}),
        (NO_COMPILER, {"CC": "/opt/cc"}),
        (NO_COMPILER, {"GOARCH": "arm64"}),
    ],
    ids=["gcc", "meant", "another compiler", "another architecture"],
)
def test_go_is_not_asked_where_all_is_as_meant(
    tmp_path: Path, path: str, env: dict[str, str]
) -> None:
    with_c_code(tmp_path, "c.go")

    assert asked(tmp_path, path, "example.com/a", BP_GO_TARGETS="cmd/job", **env) == ("", 0)


@pytest.mark.parametrize("name", ["c_windows.go", "c_test.go", "c.txt", "_c.go"])
def test_go_is_not_asked_of_an_app_without_c_code_for_this_system(
    tmp_path: Path, name: str
) -> None:
    with_c_code(tmp_path, name)
    (tmp_path / "app/dangling.go").symlink_to("nowhere")

    assert asked(tmp_path, NO_COMPILER, BP_GO_TARGETS="cmd/job") == ("", 0)


@pytest.mark.parametrize(
    "name", ["go.sum", "go.work", "c_linux.go"], ids=["modules elsewhere", "workspace", "C"]
)
def test_go_is_asked_where_there_may_be_c_code(tmp_path: Path, name: str) -> None:
    with_c_code(tmp_path, name, "go 1.21\n" if name == "go.work" else '"C"')
    if name == "go.sum":
        (tmp_path / "app/go.sum").write_text("")

    assert asked(tmp_path, NO_COMPILER, "\n\n", BP_GO_TARGETS="cmd/job") == ("", 1)
