"""The revision of a repository, read from its files; the real git is the judge."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.git.build import build, paths_to_come
from gobp.buildpack.git.detect import detect
from gobp.buildpack.git.repository import revision
from gobp.errors import UserError
from gobp.system.files import DirectoryTree
from tests.fakes.a_build import a_build
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


def test_a_repository_that_a_git_file_names_inside_the_app_is_read(repository: Path) -> None:
    (repository / ".git").rename(repository / ".bare")
    (repository / ".git").write_text("gitdir: ./.bare\n")
    head = git(repository, "rev-parse", "HEAD")

    assert revision(DirectoryTree(repository)) == head


def test_a_worktree_inside_its_repository_has_a_revision_of_its_own(repository: Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", "tree")
    git(repository / "tree", "commit", "-q", "--allow-empty", "-m", "second")
    pointer = (repository / "tree/.git").read_text().replace(f"{repository}/", "")
    (repository / ".git").rename(repository / "real")
    (repository / ".git").write_text(pointer.replace(".git/", "real/"))
    head = git(repository / "real/worktrees/tree", "rev-parse", "other")

    assert revision(DirectoryTree(repository)) == head


@pytest.mark.parametrize("place", ["/elsewhere/.git", "../.git/modules/app", "..", ".", "absent"])
def test_a_repository_that_is_elsewhere_is_left_alone_and_the_reason_said(place: str) -> None:
    app = MemoryTree({".git": f"gitdir: {place}\n"})

    assert detect(DetectContext(app, {})) == Fail(
        "the app is a git worktree or submodule, whose repository is elsewhere"
    )


def test_a_repository_with_hashes_of_sha256_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")

    found = revision(DirectoryTree(tmp_path))

    assert (found, len(found)) == (git(tmp_path, "rev-parse", "HEAD"), 64)


def test_the_image_and_the_build_get_the_revision(tmp_path: Path) -> None:
    files = {".git/HEAD": f"{COMMIT}\n", "go.mod": "module example.com/app\n"}
    made = a_build(tmp_path, files=files)

    launch = build(made.context)

    assert [(label.key, label.value) for label in launch.labels] == [
        ("org.opencontainers.image.revision", COMMIT)
    ]
    assert made.context.layers.build_environment({})["REVISION"] == COMMIT
    assert made.context.layers.build_environment({"REVISION": "mine"})["REVISION"] == "mine"


def test_what_the_build_makes_is_no_change_to_git_and_the_users_own_is(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (repository / "go.mod").write_text("module example.com/app\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "module")
    made = a_build(tmp_path_factory.mktemp("build"))
    context = replace(
        made.context, facts=DetectContext(DirectoryTree(repository), {}), app_dir=repository
    )

    build(context)

    def status() -> str:
        argv = ("git", "-C", str(repository), "status", "--porcelain")
        env = {**os.environ, **context.session.env}
        return subprocess.run(argv, check=True, capture_output=True, text=True, env=env).stdout

    (repository / "vendor/x").mkdir(parents=True)
    (repository / "vendor/x/x.go").write_text("package x\n")
    assert status() == ""
    (repository / "new.go").write_text("package main\n")
    assert status() == "?? new.go\n"


@pytest.mark.parametrize(
    ("files", "env", "to_come"),
    [
        ({"go.mod": ""}, {}, ("vendor", "go.work", "go.work.sum")),
        ({"go.mod": "", "vendor/x": "", "go.work": "go 1.26"}, {}, ("go.work.sum",)),
        (
            {"a[1]/go.mod": ""},
            {"BP_GO_WORKDIR": "a[1]"},
            ("a[1]/vendor", "a[1]/go.work", "a[1]/go.work.sum"),
        ),
    ],
)
def test_only_what_is_not_there_is_to_come(
    files: dict[str, str], env: dict[str, str], to_come: tuple[str, ...]
) -> None:
    app = MemoryTree(files)

    assert paths_to_come(app, read_layout(app, env)) == to_come
