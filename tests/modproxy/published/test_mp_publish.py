"""gobp modules publish: into real trees and git repositories, by several at once too."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gobp.cli.modules_publish import publish
from gobp.errors import UserError
from gobp.modproxy.protocol.requests import version_folder
from gobp.modproxy.published.release import OtherContentError
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.published.repositories import IDENTITY, Repository, git, version_files

pytestmark = pytest.mark.slow

MODULE = "corp.example.com/Team/lib"
FOLDER = version_folder(MODULE)


@pytest.fixture(autouse=True)
def _somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be somebody for git, and have no settings of this machine's user."""
    for name, value in {**IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}.items():
        monkeypatch.setenv(name, value)


def checkout(folder: Path, version: str = "v1.0.0", *, text: str = "") -> Path:
    """Return a checkout of the module, with a tag."""
    folder.mkdir()
    git("init", "-q", ".", cwd=folder)
    (folder / "go.mod").write_text(f"module {MODULE}\n\ngo 1.24\n")
    (folder / "lib.go").write_text(f"package lib // {text}\n")
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", "one", cwd=folder)
    git("tag", version, cwd=folder)
    return folder


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
    """Run the command in this process; a failure that is told to the user is raised."""
    return CliRunner().invoke(publish, arguments, env=env, catch_exceptions=False)


def tree_of(repository: Repository, work: Path) -> ModuleTree:
    """Return a fresh clone, as a developer has it."""
    git("clone", "-q", repository.url, str(work), cwd=repository.folder)
    return ModuleTree(work)


def test_a_version_is_published_into_a_root(tmp_path: Path) -> None:
    first = run(str(checkout(tmp_path / "lib")), "--to", str(tmp_path / "root"))
    again = run(str(tmp_path / "lib"), "--to", str(tmp_path / "root"))

    private = Trees.below(tmp_path / "root").private
    assert first.output.startswith(f"{MODULE}@v1.0.0 h1:")
    assert first.output.endswith("is published\n")
    assert again.output.endswith("was published already\n")
    names = sorted(path.name for path in (private.root / FOLDER).iterdir())
    assert names == ["list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip", "v1.0.0.ziphash"]


def test_another_content_of_a_version_is_refused(tmp_path: Path) -> None:
    run(str(checkout(tmp_path / "lib")), "--to", str(tmp_path / "root"))
    other = checkout(tmp_path / "other", text="changed")

    with pytest.raises(OtherContentError, match="published already, with another zip"):
        run(str(other), "--to", str(tmp_path / "root"))


def test_the_first_version_of_all_makes_the_repository_a_tree(tmp_path: Path) -> None:
    bare = Repository(tmp_path / "git")

    run(str(checkout(tmp_path / "lib")), "--repository", bare.url)

    tree = tree_of(bare, tmp_path / "clone")
    assert tree.listed(MODULE) == ("v1.0.0",)
    assert (tree.root / ".gitattributes").read_text() == "* -text\n"
    assert (tree.root / FOLDER / "v1.0.0.zip").exists()
    assert git("log", "-1", "--format=%s", cwd=tree.root) == f"Publish {MODULE}@v1.0.0"


def test_a_version_is_added_to_what_there_is(tmp_path: Path) -> None:
    bare = Repository(tmp_path / "git")
    bare.push({**version_files("v0.1.0"), "README.md": b"ours"})
    run(str(checkout(tmp_path / "lib")), "--repository", bare.url)
    git("tag", "v1.1.0", cwd=tmp_path / "lib")
    git("tag", "-d", "v1.0.0", cwd=tmp_path / "lib")
    git("commit", "-q", "--allow-empty", "-m", "two", cwd=tmp_path / "lib")
    git("tag", "-f", "v1.1.0", cwd=tmp_path / "lib")

    run(str(tmp_path / "lib"), "--repository", bare.url)

    tree = tree_of(bare, tmp_path / "clone")
    assert tree.listed(MODULE) == ("v1.0.0", "v1.1.0")
    assert (tree.root / "README.md").exists()
    for path, content in version_files("v0.1.0").items():
        assert (tree.root / path).read_bytes() == content
    assert not (tree.root / ".gobp").exists()


def test_the_same_again_makes_no_commit(tmp_path: Path) -> None:
    bare = Repository(tmp_path / "git")
    run(str(checkout(tmp_path / "lib")), "--repository", bare.url)
    before = git("rev-parse", "main", cwd=bare.bare)

    again = run(str(tmp_path / "lib"), "--repository", bare.url)

    assert again.output.endswith("was published already\n")
    assert git("rev-parse", "main", cwd=bare.bare) == before


@pytest.mark.parametrize("without", ["", "ziphash"])
def test_another_content_in_the_repository_is_refused(tmp_path: Path, without: str) -> None:
    bare = Repository(tmp_path / "git")
    files = version_files("v1.0.0", module=MODULE)
    bare.push(
        {path: content for path, content in files.items() if not path.endswith(f".{without}")}
    )

    with pytest.raises(OtherContentError):
        run(str(checkout(tmp_path / "lib")), "--repository", bare.url)


def test_another_branch_can_be_published_to(tmp_path: Path) -> None:
    bare = Repository(tmp_path / "git")
    bare.push({"README.md": b"ours"})
    git("branch", "modules", "main", cwd=bare.bare)

    run(str(checkout(tmp_path / "lib")), "--repository", bare.url, "--branch", "modules")

    assert FOLDER in git("ls-tree", "-r", "--name-only", "modules", cwd=bare.bare)
    assert FOLDER not in git("ls-tree", "-r", "--name-only", "main", cwd=bare.bare)


def test_what_several_publish_at_once_is_all_there(tmp_path: Path) -> None:
    """Four CI jobs, each its own version of the same module: all change the same list."""
    bare = Repository(tmp_path / "git")
    bare.push({"README.md": b"ours"})
    versions = [f"v1.{number}.0" for number in range(4)]
    for version in versions:
        checkout(tmp_path / version, version, text=version)

    def job(version: str) -> "subprocess.CompletedProcess[str]":
        argv = [sys.executable, "-c", "from gobp.cli.modules_publish import publish; publish()"]
        argv += [str(tmp_path / version), "--repository", bare.url]
        return subprocess.run(argv, capture_output=True, text=True, check=False, env=os.environ)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(job, versions))

    assert [each.returncode for each in done] == [0] * 4, [each.stderr for each in done]
    tree = tree_of(bare, tmp_path / "clone")
    assert tree.listed(MODULE) == tuple(versions)
    assert tree.versions(MODULE) == tuple(versions)


def test_a_repository_that_declines_the_push_says_why(tmp_path: Path) -> None:
    bare = Repository(tmp_path / "git")
    bare.push({"README.md": b"ours"})
    hook = bare.bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'only on Mondays' >&2\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(UserError, match="only on Mondays"):
        run(str(checkout(tmp_path / "lib")), "--repository", bare.url)


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_zips_go_to_git_lfs_where_the_repository_wants_it(tmp_path: Path) -> None:
    bare = Repository(tmp_path / "git")
    bare.push({".gitattributes": b"*.zip filter=lfs -text\n"})

    run(str(checkout(tmp_path / "lib")), "--repository", bare.url)

    shown = git("show", f"main:{FOLDER}/v1.0.0.zip", cwd=bare.bare)
    assert shown.startswith("version https://git-lfs")
    kept = [path for path in (bare.bare / "lfs/objects").rglob("*") if path.is_file()]
    assert len(kept) == 1
    assert kept[0].read_bytes().startswith(b"PK")


def test_hooks_of_this_machine_are_not_run(tmp_path: Path) -> None:
    template = tmp_path / "template/hooks"
    template.mkdir(parents=True)
    (template / "pre-push").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (template / "pre-push").chmod(0o755)
    bare = Repository(tmp_path / "git")

    env = {"GIT_TEMPLATE_DIR": str(tmp_path / "template")}
    run(str(checkout(tmp_path / "lib")), "--repository", bare.url, env=env)

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "arguments", [[], ["--to", "x", "--repository", "y"], ["--url", "https://x", "--to", "y"]]
)
def test_one_place_has_to_be_named(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(UserError, match="places to publish to"):
        run(str(checkout(tmp_path / "lib")), *arguments)


@pytest.mark.parametrize(
    "url", ["http://modules.example.com", "ftp://modules.example.com", "modules.example.com"]
)
def test_a_url_that_others_can_listen_to_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="others could read"):
        run(str(checkout(tmp_path / "lib")), "--url", url)


@pytest.mark.parametrize("option", ["--url", "--repository"])
def test_a_password_in_a_url_is_refused_and_not_shown(tmp_path: Path, option: str) -> None:
    with pytest.raises(UserError) as failure:
        run(str(checkout(tmp_path / "lib")), option, "https://me:s3cret@modules.example.com/x")

    assert "s3cret" not in str(failure.value)


def test_a_token_with_odd_characters_is_refused(tmp_path: Path) -> None:
    env = {"GOBP_PUBLISH_TOKEN": "a\nb"}

    with pytest.raises(UserError, match="characters that no token has"):
        run(str(checkout(tmp_path / "lib")), "--url", "https://modules.example.com", env=env)


def test_publishing_needs_none_of_the_services_packages() -> None:
    code = (
        "import sys, gobp.modproxy.published.publish\n"
        "print([m for m in ('msgspec', 'aiohttp', 'granian') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
