"""Which version a checkout is, and the files of it: the same as those the go command makes."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.modproxy.published.git import Git
from gobp.modproxy.published.release import Release
from gobp.modproxy.published.source import find_source, make_release, version_of_tags
from tests.modproxy.published.repositories import git

MODULE = "corp.example.com/lib.git"  # to the go command, its repository is corp.example.com/lib


def repository(folder: Path, files: Mapping[str, str], *tags: str) -> Path:
    """Return a repository with one commit of these files, and tags on it."""
    folder.mkdir()
    git("init", "-q", ".", cwd=folder)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", "-A", cwd=folder)
    when = {"GIT_COMMITTER_DATE": "2026-01-02T03:04:05+0100"}
    git("commit", "-q", "-m", "one", cwd=folder, env=when)
    for tag in tags:
        git("tag", tag, cwd=folder)
    return folder


def go_mod(module: str = MODULE) -> str:
    return f"module {module}\n\ngo 1.24\n"


def release_of(
    checkout: Path, work: Path, version: str = "", *, allow_dirty: bool = False
) -> Release:
    work.mkdir(exist_ok=True)
    runner = Git(os.environ)
    source = find_source(checkout, version, runner, allow_dirty=allow_dirty)
    return make_release(source, runner, work)


@pytest.mark.parametrize(
    ("module", "folder", "tags", "version"),
    [
        (MODULE, "", ["v1.2.3"], "v1.2.3"),
        (MODULE, "", ["v1.2.3-rc.1", "v1.2.3", "v1.2.2", "latest"], "v1.2.3"),
        (MODULE, "", ["v2.0.0", "v1.9.0"], "v1.9.0"),
        (f"{MODULE}/v2", "", ["v2.1.0", "v1.9.0"], "v2.1.0"),
        (f"{MODULE}/v2", "v2", ["v2.1.0"], "v2.1.0"),
        (f"{MODULE}/sub", "sub", ["sub/v0.1.0", "v9.9.9"], "v0.1.0"),
        (f"{MODULE}/sub/v3", "sub/v3", ["sub/v3.0.1", "sub/v3/v3.0.2"], "v3.0.1"),
        (f"{MODULE}/sub/v3", "sub", ["sub/v3.0.1"], "v3.0.1"),
        ("gopkg.in/corp/lib.v3", "", ["v3.1.0", "v2.0.0"], "v3.1.0"),
    ],
)
def test_the_version_is_that_of_the_tag(
    module: str, folder: str, tags: list[str], version: str
) -> None:
    assert version_of_tags(module, folder, tags) == version


@pytest.mark.parametrize(
    ("module", "folder", "tags", "hint"),
    [
        (MODULE, "", [], r"git tag v1\.0\.0"),
        (MODULE, "", ["v1", "v1.2", "1.2.3", "v1.2.3+meta", "sub/v1.0.0"], r"git tag v1\.0\.0"),
        (MODULE, "", ["v2.0.0"], r"v2\.0\.0"),
        (f"{MODULE}/sub/v3", "sub/v3", ["v3.0.0"], r"git tag sub/v3\.0\.0"),
        (MODULE, "", ["v0.0.0-20260102030405-abcdefabcdef"], "no tag of this commit"),
    ],
)
def test_a_commit_without_such_a_tag_is_told_which_one_would_do(
    module: str, folder: str, tags: list[str], hint: str
) -> None:
    with pytest.raises(UserError, match=r"no tag of this commit") as failure:
        version_of_tags(module, folder, tags)

    assert re.search(hint, str(failure.value))


LIBRARY = {"go.mod": go_mod(), "lib.go": "package lib\n", "LICENSE": "free\n"}
CASES = {
    "plain": (LIBRARY, "", "v1.0.0", MODULE),
    "with what is left out": (
        {
            **LIBRARY,
            "vendor/example.com/x/x.go": "package x\n",
            "vendor/modules.txt": "# x\n",
            "nested/go.mod": go_mod(f"{MODULE}/nested"),
            "nested/n.go": "package nested\n",
            ".gitattributes": "ignored.txt export-ignore\nsubst.txt export-subst\n"
            "dos.txt text eol=crlf\n",
            "ignored.txt": "not ignored\n",
            "subst.txt": "$Format:%H$\n",
            "dos.txt": "a\nb\n",
        },
        "",
        "v1.0.0",
        MODULE,
    ),
    "in a folder, with the licence of the root": (
        {**LIBRARY, "sub/go.mod": go_mod(f"{MODULE}/sub"), "sub/s.go": "package sub\n"},
        "sub",
        "sub/v0.3.0",
        f"{MODULE}/sub",
    ),
    "in a folder of the major version": (
        {**LIBRARY, "v2/go.mod": go_mod(f"{MODULE}/v2"), "v2/l.go": "package lib\n"},
        "v2",
        "v2.0.0",
        f"{MODULE}/v2",
    ),
}


@pytest.mark.parametrize(("files", "folder", "tag", "module"), CASES.values(), ids=CASES.keys())
def test_the_hash_is_that_of_the_go_command(
    tmp_path: Path, files: dict[str, str], folder: str, tag: str, module: str
) -> None:
    """The go command takes the module from the repository itself (GOPROXY=direct, by git)."""
    checkout = repository(tmp_path / "lib", files, tag)

    release = release_of(checkout / folder, tmp_path / "work")

    told = go_download(tmp_path, checkout, f"{module}@{release.version}")
    assert release.h1 == told["Sum"]
    of_go = json.loads(Path(told["Info"]).read_bytes())
    assert json.loads(release.info)["Time"] == of_go["Time"]
    assert release.mod == (checkout / folder / "go.mod").read_bytes()


def go_download(work: Path, checkout: Path, module: str) -> dict[str, str]:
    """Return what go mod download says of a module whose host is a folder of this machine."""
    config = work / "gitconfig"
    config.write_text(
        f'[url "{checkout.as_uri()}"]\n\tinsteadOf = https://{MODULE.removesuffix(".git")}\n'
    )
    serve = work / "serve"
    serve.mkdir()
    env = {
        **os.environ,
        "GOPROXY": "direct",
        "GOSUMDB": "off",
        "GOFLAGS": "-modcacherw",
        "GOMODCACHE": str(work / "modcache"),
        "GOVCS": "*:git",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",  # of this machine, as of git-lfs
        "GIT_ALLOW_PROTOCOL": "file:https",
    }
    argv = ["go", "mod", "download", "-json", module]
    done = subprocess.run(argv, check=False, cwd=serve, env=env, capture_output=True, text=True)
    told: dict[str, str] = json.loads(done.stdout)
    assert "Error" not in told, told
    return told


def test_the_origin_tells_the_commit_and_no_password(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "lib", LIBRARY, "v1.0.0")
    git("remote", "add", "origin", "https://me:s3cret@git.example.com/lib.git", cwd=checkout)

    info = json.loads(release_of(checkout, tmp_path / "work").info)

    assert info == {
        "Version": "v1.0.0",
        "Time": "2026-01-02T02:04:05Z",
        "Origin": {
            "VCS": "git",
            "URL": "https://git.example.com/lib.git",
            "Hash": git("rev-parse", "HEAD", cwd=checkout),
        },
    }


def test_a_checkout_without_history_will_do(tmp_path: Path) -> None:
    whole = repository(tmp_path / "lib", LIBRARY, "v1.0.0")
    shallow = tmp_path / "shallow"
    git("clone", "-q", "--depth=1", whole.as_uri(), str(shallow), cwd=tmp_path)

    release = release_of(shallow, tmp_path / "work")

    assert release.h1 == release_of(whole, tmp_path / "other").h1


def test_two_runs_make_the_same_bytes(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "lib", LIBRARY, "v1.0.0")

    first = release_of(checkout, tmp_path / "one")
    second = release_of(checkout, tmp_path / "two")

    assert first.zip.read_bytes() == second.zip.read_bytes()


def test_changes_that_are_not_committed_are_refused(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "lib", LIBRARY, "v1.0.0")
    clean = release_of(checkout, tmp_path / "one")
    (checkout / "lib.go").write_text("package changed\n")

    with pytest.raises(UserError, match=r"not committed") as failure:
        release_of(checkout, tmp_path / "two")

    assert "lib.go" in failure.value.detail
    assert release_of(checkout, tmp_path / "three", allow_dirty=True).h1 == clean.h1


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("v2.0.0", "v2.0.0"),
        ("v1.2", "v1.2"),
        ("latest", "latest"),
        ("v0.0.0-20260102030405-abcdefabcdef", "no version that can be published"),
    ],
)
def test_a_version_that_cannot_be_is_refused(tmp_path: Path, version: str, text: str) -> None:
    checkout = repository(tmp_path / "lib", LIBRARY)

    with pytest.raises(UserError, match=text):
        release_of(checkout, tmp_path / "work", version)


def test_a_folder_without_go_mod_is_refused(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "lib", {"lib.go": "package lib\n"}, "v1.0.0")

    with pytest.raises(UserError, match=r"has no go\.mod"):
        release_of(checkout, tmp_path / "work")


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="in no git repository"):
        release_of(tmp_path, tmp_path / "work")


def test_files_that_no_module_can_have_are_refused(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "lib", {**LIBRARY, "aux.go": "package lib\n"}, "v1.0.0")

    with pytest.raises(UserError, match=r"aux\.go"):
        release_of(checkout, tmp_path / "work")
