import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gobp.buildservice.builds.order import GitSource, ModuleSource, Pin
from gobp.buildservice.settings.schema import Sources
from gobp.buildservice.sources.git_fetcher import GitFetcher
from gobp.buildservice.sources.tree import FetchError, SourceTree
from gobp.serving.settings.values import Duration, Size
from integration.git_hosting import GitRepository
from integration.loopback_git import LoopbackGit, loopback_git

pytestmark = pytest.mark.slow  # real tools and servers


class Fetching:
    """A fetcher of a server's repositories; ``said`` are the lines for the log."""

    def __init__(self, git: LoopbackGit, folder: Path) -> None:
        self.git = git
        self.folder = folder
        self.said: list[str] = []
        self.env = dict(os.environ)

    def repository(self, name: str = "work") -> GitRepository:
        return GitRepository(self.folder / name)

    def fetch(self, source: GitSource, pin: Pin, **settings: object) -> SourceTree:
        given = {"git": (self.git.settings(),), **settings}
        fetcher = GitFetcher(Sources(**given), self.env)  # type: ignore[arg-type] # as given
        into = self.folder / "source"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        return fetcher.fetch(source, pin, into, self.said.append)

    def refusal(self, source: GitSource, pin: Pin, **settings: object) -> FetchError:
        with pytest.raises(FetchError) as raised:
            self.fetch(source, pin, **settings)
        return raised.value


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackGit]:
    with loopback_git(tmp_path_factory.mktemp("host")) as server:
        yield server


@pytest.fixture
def fetching(git: LoopbackGit, tmp_path: Path) -> Fetching:
    git.modern = True
    return Fetching(git, tmp_path)


@pytest.fixture
def name(tmp_path: Path) -> str:
    """The name of a repository that no other test has."""
    return f"o/{tmp_path.name}"


def pinned(commit: str, version: str = "v1.0.0") -> Pin:
    return Pin(version=version, commit=commit)


def ask_git(tree: SourceTree, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=tree.folder, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


def test_a_commit_becomes_files(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    repository.commit({"go.mod": "old\n"})
    commit = repository.commit(
        {"go.mod": "module m\n", "cmd/x/main.go": "package main\n"}, "v1.0.0"
    )
    repository.commit({"go.mod": "new\n"})
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, pinned(commit))

    assert (tree.folder / "go.mod").read_text() == "module m\n"
    assert (tree.folder / "cmd" / "x" / "main.go").read_text() == "package main\n"
    assert tree == SourceTree(
        tree.folder, 1600007202, f"git+https://{source.name}", "gitCommit", commit
    )
    assert fetching.said == [f"fetching {source.name} at {commit}"]


def test_builds_can_ask_git_what_they_build(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    repository.commit({"a": "1"}, "v0.9.0")
    commit = repository.commit({"a": "2"}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, pinned(commit))

    assert ask_git(tree, "rev-parse", "HEAD") == commit
    assert ask_git(tree, "describe", "--tags") == "v1.0.0"
    assert ask_git(tree, "rev-list", "--count", "HEAD") == "1"
    assert ask_git(tree, "status", "--porcelain") == ""


def test_a_branch_leaves_no_tag(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    commit = repository.commit({"a": "1"})
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, Pin(version="main", commit=commit, moving=True))

    assert ask_git(tree, "tag") == ""


def test_what_is_fetched_tells_nothing_of_its_server(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    commit = repository.commit({"a": "1"}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, pinned(commit))

    inside = [path for path in (tree.folder / ".git").rglob("*") if path.is_file()]
    assert inside
    assert not [path for path in inside if source.host.encode() in path.read_bytes()]
    assert not (tree.folder / ".git" / "hooks").exists()


def test_two_fetches_of_a_commit_are_the_same(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    commit = repository.commit(
        {"a.txt": "one\r\ntwo\r\n", ".gitattributes": "*.txt text\n"}, "v1.0.0"
    )
    source = fetching.git.publish(repository, name)

    first = (fetching.fetch(source, pinned(commit)).folder / "a.txt").read_bytes()
    second = (fetching.fetch(source, pinned(commit)).folder / "a.txt").read_bytes()

    assert first == second


def test_a_commit_that_is_gone_is_no_passing_trouble(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    repository.commit({"a": "1"}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    refusal = fetching.refusal(source, pinned("1" * 40))

    assert not refusal.passing
    assert "not our ref" in refusal.text


def test_a_server_of_the_old_protocol_is_asked_by_the_tag(fetching: Fetching, name: str) -> None:
    fetching.git.modern = False
    repository = fetching.repository()
    commit = repository.commit({"a": "1"}, "v1.0.0")
    repository.commit({"a": "2"})
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, pinned(commit))

    assert (tree.folder / "a").read_text() == "1"


def test_a_tag_that_was_moved_meanwhile_is_not_built(fetching: Fetching, name: str) -> None:
    fetching.git.modern = False
    repository = fetching.repository()
    commit = repository.commit({"a": "1"})
    repository.commit({"a": "2"}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    refusal = fetching.refusal(source, pinned(commit))

    assert not refusal.passing


def test_a_repository_that_hashes_with_sha256_is_fetched(fetching: Fetching, name: str) -> None:
    repository = GitRepository(fetching.folder / "work", object_format="sha256")
    commit = repository.commit({"a": "1"}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    assert (fetching.fetch(source, pinned(commit)).folder / "a").read_text() == "1"


def test_a_host_that_is_not_allowed_any_more_is_not_asked(fetching: Fetching, name: str) -> None:
    asked = len(fetching.git.asked)

    refusal = fetching.refusal(GitSource(fetching.git.host, name), pinned("1" * 40), git=())

    assert not refusal.passing
    assert len(fetching.git.asked) == asked


def test_a_host_that_is_down_is_passing_trouble(tmp_path: Path) -> None:
    with loopback_git(tmp_path / "gone") as gone:
        pass
    (tmp_path / "x").mkdir()

    assert (
        Fetching(gone, tmp_path / "x")
        .refusal(GitSource(gone.host, "o/r"), pinned("1" * 40))
        .passing
    )


def test_a_fetch_has_so_much_time(fetching: Fetching, name: str) -> None:
    refusal = fetching.refusal(
        GitSource(fetching.git.host, name), pinned("1" * 40), timeout=Duration(0.001)
    )

    assert refusal.passing
    assert "took longer than" in refusal.text


@pytest.mark.parametrize("compressible", [True, False])
def test_a_source_that_is_too_large_is_refused(
    fetching: Fetching, name: str, *, compressible: bool
) -> None:
    repository = fetching.repository()
    text = "0" * 3_000_000 if compressible else os.urandom(1_500_000).hex()
    commit = repository.commit({"large": text}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    refusal = fetching.refusal(source, pinned(commit), most=Size(1_000_000))

    assert not refusal.passing
    assert "larger than sources.most" in refusal.text
    assert not (fetching.folder / "source" / "large").exists()


def test_a_commit_of_more_files_than_it_says_is_refused(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    repository.commit({"a": "x"})
    tree = repository.git("rev-parse", "HEAD^{tree}")
    for _ in range(7):  # ten folders of the same content, seven deep: 10^7 files in 8 objects
        lines = "".join(f"040000 tree {tree}\td{each}\n" for each in range(10))
        made = subprocess.run(
            ["git", "mktree"],
            cwd=repository.path,
            input=lines,
            text=True,
            capture_output=True,
            check=True,
        )
        tree = made.stdout.strip()
    commit = repository.git("commit-tree", "-m", "bomb", tree)
    repository.git("tag", "v1.0.0", commit)
    source = fetching.git.publish(repository, name)

    refusal = fetching.refusal(source, pinned(commit), most=Size(100_000_000))

    assert not refusal.passing
    assert "larger than sources.most" in refusal.text


def raw_tree(repository: GitRepository, *entries: tuple[str, str, str]) -> str:
    """Write a tree as git itself would not: entries of mode, name and object."""
    content = b"".join(
        f"{mode} {entry}".encode() + b"\0" + bytes.fromhex(found) for mode, entry, found in entries
    )
    done = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        cwd=repository.path,
        input=content,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def blob(repository: GitRepository, text: str) -> str:
    done = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=repository.path,
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def dot_git(repository: GitRepository) -> str:
    hook = blob(repository, "#!/bin/sh\ntouch /tmp/gobp-hook-ran\n")
    hooks = raw_tree(repository, ("100755", "post-checkout", hook))
    return raw_tree(repository, ("40000", ".git", raw_tree(repository, ("40000", "hooks", hooks))))


def dot_git_in_other_letters(repository: GitRepository) -> str:
    return raw_tree(
        repository, ("40000", ".GIT", raw_tree(repository, ("100644", "x", blob(repository, "x"))))
    )


def up(repository: GitRepository) -> str:
    inner = raw_tree(repository, ("100644", "x", blob(repository, "x")))
    return raw_tree(repository, ("40000", "..", inner))


def link_and_folder(repository: GitRepository) -> str:
    link = blob(repository, "/tmp")
    folder = raw_tree(repository, ("100644", "gobp-was-here", blob(repository, "x")))
    return raw_tree(repository, ("120000", "a", link), ("40000", "a", folder))


def slash(repository: GitRepository) -> str:
    return raw_tree(repository, ("100644", "../../x", blob(repository, "x")))


def modules_as_link(repository: GitRepository) -> str:
    return raw_tree(repository, ("120000", ".gitmodules", blob(repository, "/etc/passwd")))


@pytest.mark.parametrize(
    "made", [dot_git, dot_git_in_other_letters, up, link_and_folder, slash, modules_as_link]
)
def test_a_tree_that_git_itself_would_not_make_is_refused(
    fetching: Fetching, name: str, made: Callable[[GitRepository], str]
) -> None:
    repository = fetching.repository()
    repository.commit({"a": "1"})
    commit = repository.git("commit-tree", "-m", "evil", made(repository))
    repository.git("tag", "v1.0.0", commit)
    source = fetching.git.publish(repository, name)

    refusal = fetching.refusal(source, pinned(commit))

    assert not refusal.passing
    assert sorted(path.name for path in (fetching.folder / "source").iterdir()) == [".git"]


def test_links_that_lead_out_are_left_out(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    links = {
        "absolute": "/etc/passwd",
        "up": "../../secret",
        "deep/up": "../../x",
        "folder": "/etc",
        "proc": "/proc/self/environ",
        "loop": "loop",
        "a/b/here": ".",
        "sly": "a/b/here/../../../y",
        "fine": "file",
        "deep/fine": "../file",
        "dangling": "nowhere",
    }
    for link, target in links.items():
        path = repository.path / link
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    commit = repository.commit({"file": "x", "a/b/c": "x"}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, pinned(commit))

    left = {
        str(path.relative_to(tree.folder)) for path in tree.folder.rglob("*") if path.is_symlink()
    }
    assert left == {"a/b/here", "fine", "deep/fine", "dangling", "loop"}
    told = "".join(fetching.said)
    assert "left out the link 'absolute': it leads out of the repository, to '/etc/passwd'" in told


def test_names_of_links_do_no_harm_to_the_log(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    (repository.path / "x\n\x1b[31mred").symlink_to("/etc/\x1b]0;title\x07")
    commit = repository.commit({}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    fetching.fetch(source, pinned(commit))

    assert all(line.isprintable() for line in fetching.said)
    assert len(fetching.said) == 2


def test_nothing_of_the_users_own_configuration_counts(fetching: Fetching, name: str) -> None:
    ran = fetching.folder / "ran"
    hooks = fetching.folder / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "reference-transaction"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / hook).chmod(0o755)
    home = fetching.folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f"[core]\n hooksPath = {hooks}\n fsmonitor = touch {ran}\n"
        f'[filter "lfs"]\n smudge = touch {ran}\n process = touch {ran}\n required = true\n'
        f"[init]\n templateDir = {hooks}\n"
        f'[url "file:///"]\n insteadOf = http://\n'
    )
    fetching.env |= {
        "HOME": str(home),
        "GIT_CONFIG_PARAMETERS": f"'core.hooksPath={hooks}'",
        "GIT_SSH_COMMAND": f"touch {ran}",
        "GIT_ASKPASS": f"touch {ran}",
        "GIT_EXTERNAL_DIFF": f"touch {ran}",
        "GIT_DIR": str(home),
    }
    repository = fetching.repository()
    commit = repository.commit({".gitattributes": "* filter=lfs\n", "a": "text\n"}, "v1.0.0")
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, pinned(commit))

    assert (tree.folder / "a").read_text() == "text\n"
    assert not ran.exists()


def test_files_of_lfs_stay_pointers_and_nobody_is_asked(fetching: Fetching, name: str) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n"
    repository = fetching.repository()
    commit = repository.commit(
        {
            ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
            ".lfsconfig": f"[lfs]\n url = http://{fetching.git.host}/lfs\n",
            "a.bin": pointer,
        },
        "v1.0.0",
    )
    source = fetching.git.publish(repository, name)

    tree = fetching.fetch(source, pinned(commit))

    assert (tree.folder / "a.bin").read_text() == pointer
    assert not [each for each in fetching.git.asked if "/lfs" in each]


def with_submodule(fetching: Fetching, url: str, inner: str) -> tuple[GitRepository, str]:
    """Return a repository with a submodule at ``lib``, and its commit."""
    repository = fetching.repository("outer")
    text = f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n\tupdate = none\n'
    (repository.path / ".gitmodules").write_text(text)
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{inner},lib")
    repository.git("add", ".gitmodules")
    repository.git("commit", "-q", "-m", "with a submodule")
    return repository, repository.git("rev-parse", "HEAD")


def test_submodules_are_not_fetched_unless_asked(fetching: Fetching, name: str) -> None:
    library = fetching.repository("library")
    inner = library.commit({"l": "1"})
    fetching.git.publish(library, f"{name}-lib")
    outer, commit = with_submodule(fetching, f"../{name[2:]}-lib", inner)
    source = fetching.git.publish(outer, name)

    tree = fetching.fetch(source, pinned(commit))

    assert list((tree.folder / "lib").iterdir()) == []
    assert not [each for each in fetching.git.asked if f"{name}-lib" in each]


@pytest.mark.parametrize("url", ["../{lib}.git", "http://{host}/o/{lib}", "./../../o/{lib}"])
def test_submodules_are_fetched_where_the_order_says_so(
    fetching: Fetching, name: str, url: str
) -> None:
    library = fetching.repository("library")
    inner = library.commit({"l": "1"})
    library.commit({"l": "2"})
    fetching.git.publish(library, f"{name}-lib")
    url = url.format(host=fetching.git.host, lib=f"{name[2:]}-lib")
    outer, commit = with_submodule(fetching, url, inner)
    source = fetching.git.publish(outer, name)

    tree = fetching.fetch(GitSource(source.host, source.path, submodules=True), pinned(commit))

    assert (tree.folder / "lib" / "l").read_text() == "1"
    assert fetching.said[1] == f"fetching {source.name}-lib at {inner}"


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/o/r",
        "http://localhost/o/r",
        "file:///etc",
        "ssh://git@example.com/o/r",
        "git@example.com:o/r",
        "/etc",
        "ext::sh -c touch% /tmp/gobp-ext-ran",
        "--upload-pack=touch /tmp/gobp-option-ran",
        "../../../../o/r",
        "https://[/o/r",
        "https://u:pw@169.254.169.254/o/r",
    ],
)
def test_submodules_are_guarded_as_what_has_them(fetching: Fetching, name: str, url: str) -> None:
    outer, commit = with_submodule(fetching, url, "1" * 40)
    source = fetching.git.publish(outer, name)

    refusal = fetching.refusal(GitSource(source.host, source.path, submodules=True), pinned(commit))

    assert not refusal.passing
    assert refusal.text.isprintable()
    assert not list(Path("/tmp").glob("gobp-*-ran"))


def test_a_repository_that_is_its_own_submodule_ends(fetching: Fetching, name: str) -> None:
    repository = fetching.repository("outer")
    first = repository.commit({"a": "1"})
    fetching.git.publish(repository, name)
    text = f'[submodule "lib"]\n\tpath = lib\n\turl = ../{name[2:]}\n'
    (repository.path / ".gitmodules").write_text(text)
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},lib")
    repository.git("add", ".gitmodules")
    repository.git("commit", "-q", "-m", "itself")
    source = fetching.git.publish(repository, name)
    commit = repository.git("rev-parse", "HEAD")

    tree = fetching.fetch(GitSource(source.host, source.path, submodules=True), pinned(commit))

    assert (tree.folder / "lib" / "a").read_text() == "1"


def test_a_submodule_that_nothing_describes_is_refused(fetching: Fetching, name: str) -> None:
    repository = fetching.repository()
    repository.commit({"a": "1"})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    repository.git("commit", "-q", "-m", "no .gitmodules")
    source = fetching.git.publish(repository, name)
    commit = repository.git("rev-parse", "HEAD")

    refusal = fetching.refusal(GitSource(source.host, source.path, submodules=True), pinned(commit))

    assert refusal.text == "no .gitmodules says what the submodule 'lib' is"


def test_a_module_is_not_fetched_by_git(fetching: Fetching, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        GitFetcher(Sources(), {}).fetch(ModuleSource("m"), pinned("1" * 40), tmp_path, print)
