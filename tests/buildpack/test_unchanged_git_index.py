import os
import subprocess
from pathlib import Path

import pytest

from gobp.buildpack.unchanged.git_index import index_digest


class Repository:
    """A real repository with two files, one of them in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "cmd").mkdir(parents=True)
        (root / "main.go").write_text("package main\n")
        (root / "cmd/a-longer-name.go").write_text("package cmd\n")
        self.git("init", "-q")
        self.git("add", ".")

    def git(self, *words: str) -> None:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(("git", *words), cwd=self.root, env=env, check=True)

    def index(self) -> bytes:
        return (self.root / ".git/index").read_bytes()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "one")


def test_another_clone_of_the_same_files_has_the_same_digest(
    repository: Repository, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    os.utime(other.root / "main.go", (1, 1))
    other.git("add", "--renormalize", ".")
    other.git("update-index", "--refresh")

    assert other.index() != repository.index()
    assert index_digest(other.index()) == index_digest(repository.index())


@pytest.mark.parametrize(
    "words",
    [
        ("rm", "-q", "--cached", "main.go"),
        ("update-index", "--chmod=+x", "main.go"),
        ("update-index", "--assume-unchanged", "main.go"),
        ("update-index", "--skip-worktree", "main.go"),
        ("mv", "main.go", "other.go"),
    ],
    ids=lambda words: words[-2],
)
def test_what_git_would_tell_of_files_counts(
    repository: Repository, words: tuple[str, ...]
) -> None:
    before = index_digest(repository.index())

    repository.git(*words)

    assert index_digest(repository.index()) != before


def test_staged_content_counts(repository: Repository) -> None:
    before = index_digest(repository.index())

    (repository.root / "main.go").write_text("package other\n")
    repository.git("add", "main.go")

    assert index_digest(repository.index()) != before


def test_an_index_of_another_version_counts_as_it_is(repository: Repository) -> None:
    before = index_digest(repository.index())

    repository.git("update-index", "--index-version", "4")

    assert repository.index()[7] == 4
    assert index_digest(repository.index()) != before


@pytest.mark.parametrize("cut", [0, 3, 11, 40, 100, -1])
def test_an_index_that_is_not_whole_counts_as_it_is(repository: Repository, cut: int) -> None:
    part = repository.index()[:cut]

    assert index_digest(part) == index_digest(part)
    assert index_digest(part) != index_digest(part + b"x")
