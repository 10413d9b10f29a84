"""The published tree follows real git repositories; readers see whole commits only."""

import asyncio
import os
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gobp.errors import UserError
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.published.published_tree import GRACE_SECONDS, PublishedTree, Refreshed
from gobp.modproxy.settings.schema import Published, Settings
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash
from gobp.serving.settings.values import Duration
from tests.modproxy.published.repositories import MODULE, Repository, git, version_files

pytestmark = pytest.mark.slow

_T = TypeVar("_T")


class Bench:
    """A repository, and servers' trees that follow it."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder / "git")
        self.root = folder / "root"
        self.trees = Trees.below(self.root)
        self.trees.prepare()
        self.seen: list[ModuleFile] = []

    def tree(
        self, *, poll: float = 0, grace: float = GRACE_SECONDS, url: str = ""
    ) -> PublishedTree:
        published = Published(repository=url or self.repository.url, poll=Duration(poll))
        return PublishedTree(
            Settings(root=str(self.root), published=published),
            self.trees,
            env=os.environ,
            zip_hash=zip_hash,
            on_published=lambda file, _: self.seen.append(file),
            grace=grace,
        )

    def run(self, work: Callable[[PublishedTree], Awaitable[_T]], **options: float) -> _T:
        """Do something with a tree that was started."""

        async def started() -> _T:
            tree = self.tree(**options)  # type: ignore[arg-type] # poll and grace are numbers
            await tree.start()
            try:
                return await work(tree)
            finally:
                await tree.close()

        return asyncio.run(started())

    def refresh(self) -> Refreshed:
        return self.run(PublishedTree.refresh)

    def versions(self) -> tuple[str, ...]:
        return self.trees.published.versions(MODULE)

    def checkouts(self) -> list[str]:
        return sorted(path.name for path in (self.root / ".gobp/published").iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.repository.push(version_files("v1.0.0"))
    return bench


def test_a_pushed_version_is_in_the_tree_after_a_refresh(bench: Bench) -> None:
    bench.refresh()
    commit = bench.repository.push(version_files("v1.1.0"))

    refreshed = bench.refresh()

    assert refreshed.commit == commit
    assert sorted(file.kind for file in refreshed.new) == [Kind.INFO, Kind.MOD, Kind.ZIP]
    assert bench.versions() == ("v1.0.0", "v1.1.0")
    assert {file.version for file in bench.seen} == {"v1.0.0", "v1.1.0"}
    assert (bench.root / "published").readlink() == Path(".gobp/published") / commit


def test_the_first_commit_is_there_when_the_tree_has_started(bench: Bench) -> None:
    async def look(tree: PublishedTree) -> bool:
        return tree.ready

    assert bench.run(look)
    assert bench.versions() == ("v1.0.0",)


def test_nothing_new_changes_nothing(bench: Bench) -> None:
    first = bench.refresh()

    assert bench.refresh() == Refreshed(first.commit)


def test_files_that_stay_are_the_same_files_on_the_disk(bench: Bench) -> None:
    bench.refresh()
    file = bench.trees.published.path_of(ModuleFile(MODULE, "v1.0.0", Kind.ZIP))
    before = file.stat().st_ino
    bench.repository.push(version_files("v1.1.0"))

    bench.refresh()

    assert file.stat().st_ino == before


def test_bytes_are_those_of_the_repository_whatever_its_attributes_say(bench: Bench) -> None:
    files = version_files("v1.1.0")
    bench.repository.push({".gitattributes": b"* ident\n", **files})
    bench.repository.push({".gitattributes": b"* text eol=crlf\n* filter=evil\n"})

    bench.refresh()

    for path, content in files.items():
        assert (bench.root / "published" / path).read_bytes() == content


BAD = {
    "a zip that has another hash than its .ziphash says": {
        **version_files("v1.1.0"),
        f"{MODULE}/@v/v1.1.0.ziphash": b"h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    },
    "a zip that is none": {f"{MODULE}/@v/v1.1.0.zip": b"not a zip"},
    "a zip of another module": {
        f"{MODULE}/@v/v1.1.0.zip": version_files("v1.1.0", module="evil.example.com/x")[
            "evil.example.com/x/@v/v1.1.0.zip"
        ]
    },
    "a version that has changed": version_files("v1.0.0", text="changed"),
    "a go.mod that has changed": {f"{MODULE}/@v/v1.0.0.mod": b"module corp.example.com/other\n"},
    "an info of another version": {f"{MODULE}/@v/v1.1.0.info": b'{"Version":"v9.9.9"}'},
    "an info that is no JSON": {f"{MODULE}/@v/v1.1.0.info": b"<html>"},
    "an upper-case letter in a path": {"corp.example.com/Lib/@v/v1.0.0.mod": b"module x\n"},
    "a version that does not fit": {f"{MODULE}/@v/v2.0.0.zip": b"x"},
    "an element that hides": {"corp.example.com/.x/@v/v1.0.0.mod": b"module x\n"},
    "an info that is too large": {f"{MODULE}/@v/v1.1.0.info": b"x" * (1024 * 1024 + 1)},
}


@pytest.mark.parametrize("files", BAD.values(), ids=BAD.keys())
def test_a_bad_commit_is_refused_and_the_one_before_stays(
    bench: Bench, files: dict[str, bytes]
) -> None:
    good = bench.refresh()
    bench.repository.push({**version_files("v1.2.0"), **files})

    for _ in range(2):  # it stays refused
        with pytest.raises(UserError, match=r"@v/"):
            bench.refresh()

    assert (bench.root / "published").readlink().name == good.commit
    assert bench.versions() == ("v1.0.0",)


def test_a_link_in_the_tree_is_refused(bench: Bench) -> None:
    bench.refresh()
    (bench.repository.work / MODULE / "@v/v1.1.0.zip").symlink_to("/etc/passwd")
    bench.repository.push_all()

    with pytest.raises(UserError, match="a link"):
        bench.refresh()


def test_a_good_commit_after_a_bad_one_is_served(bench: Bench) -> None:
    bench.refresh()
    bench.repository.push({f"{MODULE}/@v/v1.1.0.zip": b"not a zip"})
    with pytest.raises(UserError):
        bench.refresh()
    bench.repository.push(version_files("v1.1.0"))

    bench.refresh()

    assert bench.versions() == ("v1.0.0", "v1.1.0")


def test_what_is_no_part_of_the_tree_is_left_out(bench: Bench) -> None:
    bench.repository.push(
        {
            "README.md": b"our modules",
            f"{MODULE}/@v/v1.0.0.lock": b"",
            f"{MODULE}/@v/list": b"v1.0.0\n",
            f"{MODULE}/@v/main.info": b'{"Version":"v1.0.0"}',
        }
    )

    bench.refresh()

    published = bench.root / "published"
    names = sorted(path.name for path in published.rglob("*") if path.is_file())
    assert names == ["list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip", "v1.0.0.ziphash"]


def test_a_reader_sees_one_commit_or_the_other(bench: Bench) -> None:
    """In each commit all files say the same; a reader that goes through the link checks that."""
    names = [f"corp.example.com/m{number}" for number in range(20)]

    def files(text: str) -> dict[str, bytes]:
        return {f"{name}/@v/list": text.encode() for name in names}

    bench.repository.push(files("0"))
    bench.refresh()
    mixed: list[set[bytes]] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            folder = os.open(bench.root / "published", os.O_DIRECTORY)
            seen = set()
            for name in names:
                handle = os.open(f"{name}/@v/list", os.O_RDONLY, dir_fd=folder)
                seen.add(os.read(handle, 10))
                os.close(handle)
            os.close(folder)
            if len(seen) != 1:
                mixed.append(seen)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 6):
        bench.repository.push(files(str(number)))
        bench.refresh()
    over.set()
    reader.join()

    assert mixed == []
    assert (bench.root / "published" / names[0] / "@v/list").read_text() == "5"


def test_old_checkouts_go_after_a_time_of_grace(bench: Bench) -> None:
    first = bench.refresh().commit
    second = bench.repository.push(version_files("v1.1.0"))
    bench.refresh()
    assert bench.checkouts() == sorted([first, second])

    bench.run(PublishedTree.refresh, grace=0)

    assert bench.checkouts() == [second]


def test_what_an_end_in_the_middle_left_is_removed(bench: Bench) -> None:
    bench.refresh()
    left = bench.root / ".gobp/published" / f"{'0' * 40}.new"
    left.mkdir()
    commit = bench.repository.push(version_files("v1.1.0"))

    bench.refresh()

    assert not left.exists()
    assert commit in bench.checkouts()


def test_a_repository_that_cannot_be_reached_leaves_what_is_served(bench: Bench) -> None:
    bench.refresh()
    bench.repository.bare.rename(bench.repository.bare.with_suffix(".away"))

    with pytest.raises(UserError, match="git fetch failed"):
        bench.refresh()

    assert bench.versions() == ("v1.0.0",)


def test_a_branch_that_is_rewritten_is_followed(bench: Bench) -> None:
    bench.repository.push(version_files("v1.1.0"))
    bench.refresh()
    git("reset", "-q", "--hard", "HEAD~1", cwd=bench.repository.work)
    git("push", "-q", "-f", "origin", "HEAD:refs/heads/main", cwd=bench.repository.work)

    bench.refresh()

    assert bench.versions() == ("v1.0.0",)


def test_a_mirror_that_was_removed_is_made_anew(bench: Bench) -> None:
    first = bench.refresh().commit
    shutil.rmtree(bench.root / ".gobp/published.git")
    git("commit", "-q", "--amend", "-m", "rewritten", cwd=bench.repository.work)
    git("push", "-q", "-f", "origin", "HEAD:refs/heads/main", cwd=bench.repository.work)
    git("reflog", "expire", "--expire=now", "--all", cwd=bench.repository.work)

    second = bench.refresh().commit

    assert second != first
    assert bench.versions() == ("v1.0.0",)


def test_a_checkout_that_was_removed_is_made_anew(bench: Bench) -> None:
    commit = bench.refresh().commit
    shutil.rmtree(bench.root / ".gobp/published" / commit)

    assert bench.refresh().commit == commit
    assert bench.versions() == ("v1.0.0",)


def test_a_commit_that_comes_back_is_served_again(bench: Bench) -> None:
    first = bench.refresh().commit
    bench.repository.push(version_files("v1.1.0"))
    bench.refresh()
    git("push", "-q", "-f", "origin", f"{first}:refs/heads/main", cwd=bench.repository.work)

    assert bench.refresh() == Refreshed(first)
    assert bench.versions() == ("v1.0.0",)


def test_workers_that_poll_share_the_looks(bench: Bench) -> None:
    """Each look fetches, which this test counts by what git leaves of it."""

    async def two() -> list[str]:
        trees = [bench.tree(poll=1.0) for _ in range(3)]
        for tree in trees:
            await tree.start()
        bench.repository.push(version_files("v1.1.0"))
        for _ in range(400):
            if len(bench.versions()) == 2:
                break
            await asyncio.sleep(0.05)
        for tree in trees:
            await tree.close()
        return [file.version for file in bench.seen if file.kind is Kind.ZIP]

    assert asyncio.run(two()) == ["v1.0.0", "v1.1.0"]


def test_those_who_ask_while_a_look_waits_share_it(bench: Bench) -> None:
    async def many(tree: PublishedTree) -> list[Refreshed]:
        return await asyncio.gather(*(tree.refresh() for _ in range(50)))

    outcomes = bench.run(many)

    assert len({outcome.commit for outcome in outcomes}) == 1


def test_a_server_without_a_repository_does_nothing(tmp_path: Path) -> None:
    trees = Trees.below(tmp_path)

    async def start() -> bool:
        tree = PublishedTree(Settings(), trees, env=os.environ, zip_hash=zip_hash)
        await tree.start()
        await tree.close()
        return tree.ready

    assert asyncio.run(start())
    assert list(tmp_path.iterdir()) == []


def test_a_password_in_the_url_is_refused_without_showing_it(bench: Bench) -> None:
    with pytest.raises(UserError) as failure:
        bench.tree(url="https://me:s3cret@git.example.com/modules.git")

    assert "s3cret" not in str(failure.value)


def test_a_short_form_of_ssh_is_refused_with_the_long_one(bench: Bench) -> None:
    with pytest.raises(UserError, match=r"ssh://git@git\.example\.com/team/modules\.git"):
        bench.tree(url="git@git.example.com:team/modules.git")


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_files_kept_by_git_lfs_are_resolved(bench: Bench) -> None:
    work = bench.repository.work
    git("lfs", "install", "--local", cwd=work)
    git("config", "lfs.locksverify", "false", cwd=work)
    files = version_files("v1.1.0")
    bench.repository.push({".gitattributes": b"*.zip filter=lfs -text\n", **files})
    shown = git("show", f"HEAD:{MODULE}/@v/v1.1.0.zip", cwd=work)
    assert shown.startswith("version https://git-lfs")

    bench.refresh()

    path = f"{MODULE}/@v/v1.1.0.zip"
    assert (bench.root / "published" / path).read_bytes() == files[path]


def test_without_git_lfs_its_pointers_are_refused_with_a_text(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 9\n" % (b"a" * 64)
    bench.repository.push({f"{MODULE}/@v/v1.1.0.zip": pointer})
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(UserError, match="kept by git-lfs, which is not installed"):
        bench.refresh()


def test_a_pointer_without_its_content_is_refused_with_a_text(bench: Bench) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 9\n" % (b"a" * 64)
    bench.repository.push({f"{MODULE}/@v/v1.1.0.zip": pointer})

    with pytest.raises(UserError, match="git lfs fetch failed"):
        bench.refresh()
