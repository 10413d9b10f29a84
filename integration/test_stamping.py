"""The revision in programs, as ``go version -m`` reads it, after the real bin/build."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from integration.by_hand import APP, Workbench, go_root, search_path
from integration.test_bad_input import put_lib

OWNER = 12345  # a user that there is not


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    argv = ["git", *identity, *arguments]
    return subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True).stdout


def repository(bench: Workbench, files: dict[str, str]) -> str:
    """Make the app a repository with one commit; return the commit."""
    bench.put(files)
    git(bench.app, "init", "-q")
    git(bench.app, "add", ".")
    git(bench.app, "commit", "-q", "-m", "one")
    return git(bench.app, "rev-parse", "HEAD").strip()


def build(bench: Workbench, **env: str) -> str:
    assert bench.run("detect", **env).status == 0
    done = bench.run("build", **env)
    assert done.status == 0, done.output
    return done.output


def stamps(bench: Workbench) -> dict[str, str]:
    """Return what go wrote into the program of version control."""
    argv = [f"{go_root()}/bin/go", "version", "-m", str(bench.layers / "targets/bin/app")]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    rows = [line.strip().removeprefix("build\t").partition("=") for line in said.splitlines()]
    return {name: value for name, _, value in rows if name.startswith("vcs")}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    (tmp_path / "proxy").mkdir()
    return Workbench(tmp_path, {"GOPROXY": f"file://{tmp_path}/proxy", "GOFLAGS": ""})


def test_the_revision_is_in_the_program_and_vendoring_is_no_change(bench: Workbench) -> None:
    commit = repository(bench, put_lib(bench.root / "proxy"))

    build(bench)

    found = stamps(bench)
    assert (found["vcs"], found["vcs.revision"]) == ("git", commit)
    assert found["vcs.modified"] == "false"


def test_a_change_that_is_not_committed_shows(bench: Workbench) -> None:
    repository(bench, APP)
    (bench.app / "new.go").write_text("package main\n")

    build(bench)

    assert stamps(bench)["vcs.modified"] == "true"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files to another user")
def test_a_repository_of_another_user_is_read(bench: Workbench) -> None:
    commit = repository(bench, APP)
    for path in (bench.app, *bench.app.rglob("*")):
        os.chown(path, OWNER, OWNER)

    build(bench)

    assert stamps(bench)["vcs.revision"] == commit


def test_without_git_there_is_none_and_the_log_says_so(bench: Workbench) -> None:
    repository(bench, APP)
    tools = bench.root / "tools"
    tools.mkdir()
    for folder in search_path().split(":"):
        for program in Path(folder).iterdir():
            if program.name != "git" and not (tools / program.name).exists():
                (tools / program.name).symlink_to(program)
    python = f"{search_path().partition(':')[0]}"

    output = build(bench, PATH=f"{python}:{go_root()}/bin:{tools}")

    assert "No revision is written into the programs: the build image has no git" in output
    assert "-buildvcs=false" in output
    assert stamps(bench) == {}


def test_a_repository_that_git_cannot_read_is_told_and_the_app_built_without_one(
    bench: Workbench,
) -> None:
    repository(bench, APP)
    shutil.rmtree(bench.app / ".git/objects")

    output = build(bench)

    assert "error obtaining VCS status" in output
    assert "No revision is written into the programs: git cannot read the repository" in output
    assert stamps(bench) == {}


def test_a_repository_that_git_reads_costs_no_process_of_ours(bench: Workbench) -> None:
    repository(bench, APP)

    build(bench)

    report = json.loads((bench.layers / "build-report.json").read_text())
    assert [row["command"] for row in report["commands"] if row["command"][:3] == "git"] == []


def test_a_worktree_builds_without_one(bench: Workbench) -> None:
    repository(bench, APP)
    shutil.rmtree(bench.app / ".git")
    (bench.app / ".git").write_text("gitdir: /nowhere/.git/worktrees/app\n")

    output = build(bench)

    assert "the app is a git worktree or submodule, whose repository is elsewhere" in output
    assert stamps(bench) == {}
