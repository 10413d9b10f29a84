"""The revision of a repository, read from its files; the real git is the judge."""

import subprocess
from pathlib import Path

import pytest

from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.git.detect import detect
from gobp.buildpack.git.repository import revision
from gobp.errors import UserError
from gobp.system.files import DirectoryTree
from tests.fakes.memory_tree import MemoryTree

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    argv = ("git", *identity, "-C", str(folder), *arguments)
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "main.go").write_text("package main\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_the_revision_is_gits_on_a_branch_packed_detached_and_on_a_nested_branch(
    repository: Path,
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    tree = DirectoryTree(repository)
    found = [revision(tree)]

    git(repository, "checkout", "-q", "-b", "team/feature")
    found.append(revision(tree))
    git(repository, "pack-refs", "--all")
    found.append(revision(tree))
    git(repository, "checkout", "-q", "--detach")
    found.append(revision(tree))

    assert found == [head] * 4


def test_a_repository_without_a_commit_is_left_alone(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    assert isinstance(detect(DetectContext(DirectoryTree(tmp_path), {})), Fail)


def test_an_app_without_a_repository_is_left_alone() -> None:
    assert detect(DetectContext(MemoryTree({"go.mod": ""}), {})) == Fail(
        "the app has no .git folder"
    )


def test_a_repository_with_a_commit_takes_part() -> None:
    app = MemoryTree({".git/HEAD": f"{COMMIT}\n"})

    assert isinstance(detect(DetectContext(app, {})), Pass)


@pytest.mark.parametrize(
    "files",
    [
        {".git/HEAD": "nonsense\n"},
        {".git/HEAD": "ref: ../../etc/passwd\n"},
        {".git/HEAD": "ref: a\n", ".git/a": "ref: a\n"},
        {".git/HEAD": "ref: refs/heads/x\n", ".git/refs/heads/x": "zz\n"},
    ],
)
def test_a_damaged_repository_is_named_as_such(files: dict[str, str]) -> None:
    with pytest.raises(UserError, match="git repository cannot be read"):
        revision(MemoryTree(files))
