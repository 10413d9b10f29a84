"""gobp modernize, as far as it goes without go: what it refuses, and why."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from gobp.cli.main import cli
from gobp.cli.module_proposal import Go, propose
from gobp.errors import UserError
from gobp.golang.legacy_lock import LegacyLock, LockedProject
from gobp.system.process import Captured
from tests.fakes.scripted_commands import ScriptedCommands

LOCK = '[[projects]]\n  name = "example.com/a"\n  revision = "0123"\n'
REFUSED: Mapping[str, tuple[Mapping[str, str], tuple[str, ...], str]] = {
    "a module": ({"go.mod": "module a\n", "Gopkg.lock": LOCK}, (), "is a module already"),
    "no lock": ({"main.go": "package main\n"}, (), "has no Gopkg.lock, glide.lock or Godeps"),
    "no TOML": ({"Gopkg.lock": "[[x\n"}, (), "Gopkg.lock is not valid TOML"),
    "no YAML": ({"glide.lock": "a: [\n"}, (), "glide.lock is not valid YAML"),
    "no table": ({"glide.lock": "- a\n"}, (), "glide.lock holds no table"),
    "no JSON": ({"Godeps/Godeps.json": "{"}, (), "Godeps/Godeps.json is not valid JSON"),
    "no module path": ({"Gopkg.lock": LOCK}, (), "the module path of the app is not known"),
    "a bad module path": (
        {"Gopkg.lock": LOCK},
        ("--module", "example.com/a b"),
        "'example.com/a b' is not an import path",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_become_a_module_is_refused_and_left_as_it_is(
    case: str, tmp_path: Path
) -> None:
    files, arguments, reason = REFUSED[case]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    result = CliRunner().invoke(cli, ["modernize", str(tmp_path), "--write", *arguments])

    assert isinstance(result.exception, UserError)
    assert reason in result.exception.summary
    assert result.exception.remedy
    assert {path.name for path in tmp_path.iterdir()} == {name.split("/")[0] for name in files}


def test_the_module_path_is_the_place_in_gits_origin(tmp_path: Path) -> None:
    git = ("git", "-C", str(tmp_path))
    subprocess.run((*git, "init", "-q"), check=True)
    address = "https://me:secret@example.com/team/repo.git"
    subprocess.run((*git, "remote", "add", "origin", address), check=True)
    app = tmp_path / "cmd/app"
    app.mkdir(parents=True)
    (app / "Gopkg.lock").write_text("")
    (app / "main.go").write_text("package main\n\nfunc main() {}\n")

    result = CliRunner().invoke(cli, ["modernize", str(app)], catch_exceptions=False)

    assert result.exit_code == 0, result.output
    assert "-- go.mod --\nmodule example.com/team/repo/cmd/app\n" in result.stdout
    assert "secret" not in result.output


def test_go_that_fails_is_told_with_its_words_and_the_files_so_far(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    commands = ScriptedCommands(
        {
            ("go",): Captured(0, "", ""),
            ("go", "mod", "tidy"): Captured(1, "", "go: example.com/a@v1.0.0: unknown revision\n"),
        }
    )

    with pytest.raises(UserError) as raised:
        propose(Go(commands, tmp_path, {}), "example.com/app", LegacyLock(()))

    assert "the module example.com/a@v1.0.0 was not found" in raised.value.summary
    assert "unknown revision" in raised.value.detail
    assert "module example.com/app" in raised.value.detail


def test_paths_that_go_would_take_for_something_else_are_not_asked(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    commands = ScriptedCommands({("go",): Captured(0, "", "")})
    lock = LegacyLock((LockedProject(("-modfile=x",), "0123"), LockedProject(("all",), "0123")))

    proposal = propose(Go(commands, tmp_path, {"GOFLAGS": "-modcacherw"}), "example.com/app", lock)

    assert [argv[1:3] for argv in commands.ran] == [("mod", "init"), ("mod", "tidy")]
    assert {env["GOFLAGS"] for env in commands.environments} == {"-modcacherw -mod=mod"}
    assert len(proposal.notes) == 2
