"""Whether go writes the revision into programs; the real git answers."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import go_environment
from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.go_build.stamping import flags_after_failure, stamping_flags
from gobp.system.process import SystemCommands
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.scripted_commands import ScriptedCommands

OFF = ("-buildvcs=false",)
FILES = {"go.mod": "module example.com/app\n\ngo 1.26\n", "main.go": "package main\n"}


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")


@pytest.fixture
def made(tmp_path: Path) -> ABuild:
    made = a_build(tmp_path, files=FILES)
    host = replace(made.context.host, commands=SystemCommands())
    return ABuild(replace(made.context, host=host), made.said)


def flags(
    context: BuildContext, folder: str = "", *, failed: bool = False, **env: str
) -> tuple[str, ...]:
    variables = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **env}
    environment = go_environment(variables, context.app_dir)
    config = read_config(replace(context.facts, env=variables))
    asked = flags_after_failure if failed else stamping_flags
    return asked(context, config, context.app_dir / folder, environment)


def test_nothing_is_said_where_there_is_no_repository_or_git_reads_it(made: ABuild) -> None:
    assert flags(made.context) == ()
    commit(made.context.app_dir)

    assert flags(made.context) == ()
    assert made.said.getvalue() == ""


@pytest.mark.parametrize("failed", [False, True])
def test_the_flag_of_the_user_stays(
    made: ABuild,
    failed: bool,  # noqa: FBT001 # a table
) -> None:
    (made.context.app_dir / ".git").mkdir()

    assert flags(made.context, failed=failed, GOFLAGS="-buildvcs=true") == ()
    assert flags(made.context, failed=failed, BP_GO_BUILD_FLAGS="-buildvcs=auto") == ()


def test_git_is_not_asked_of_a_repository_before_go_has_failed(made: ABuild) -> None:
    commit(made.context.app_dir)
    commands = ScriptedCommands({})
    context = replace(made.context, host=replace(made.context.host, commands=commands))

    assert flags(context) == ()
    assert commands.ran == []


def test_a_failure_that_git_cannot_explain_stays_one(made: ABuild) -> None:
    commit(made.context.app_dir)

    assert flags(made.context, failed=True) == ()


def test_without_git_there_is_no_revision_and_the_log_says_so(made: ABuild) -> None:
    commit(made.context.app_dir)

    assert flags(made.context, PATH="/nonexistent") == OFF
    assert "No revision is written into the programs: the build image has no git" in (
        made.said.getvalue()
    )


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda git_dir: shutil.rmtree(git_dir / "objects"), "not a git repository"),
        (lambda git_dir: (git_dir / "HEAD").write_text("0" * 39 + "1\n"), "bad object HEAD"),
        (lambda git_dir: (git_dir / "index").write_text("x"), "index file"),
    ],
)
def test_what_git_says_of_a_repository_that_it_cannot_read_is_told_once_go_has_failed(
    made: ABuild, damage: object, says: str
) -> None:
    commit(made.context.app_dir)
    assert callable(damage)
    damage(made.context.app_dir / ".git")

    assert flags(made.context) == ()
    assert flags(made.context, failed=True) == OFF
    assert "git cannot read the repository: " in made.said.getvalue()
    assert says in made.said.getvalue()


def test_a_worktree_or_submodule_has_no_repository_that_go_would_find(made: ABuild) -> None:
    (made.context.app_dir / ".git").write_text("gitdir: /elsewhere\n")

    assert flags(made.context) == OFF
    assert "is a git worktree or submodule" in made.said.getvalue()


def test_a_repository_around_the_app_is_not_the_apps(made: ABuild) -> None:
    commit(made.context.app_dir.parent)

    assert flags(made.context) == OFF
    assert f"begins above it, in {made.context.app_dir.parent}" in made.said.getvalue()


def test_a_folder_of_the_repository_may_be_built(made: ABuild) -> None:
    (made.context.app_dir / "cmd/web").mkdir(parents=True)
    commit(made.context.app_dir)

    assert flags(made.context, "cmd/web") == ()


def test_a_shallow_clone_will_do(made: ABuild, tmp_path: Path) -> None:
    commit(made.context.app_dir)
    git(made.context.app_dir, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{made.context.app_dir}", "shallow")

    shallow = replace(made.context, app_dir=tmp_path / "shallow")

    assert flags(shallow) == ()
