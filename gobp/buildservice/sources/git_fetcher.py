"""Fetch a commit of a repository as files. Nothing of it runs, and nothing of it leads outside.

git runs hooks and filters (LFS is one) only where its configuration names them, and the
configuration is ours. The folder ``.git`` stays with the files, for builds that ask git what they
build: its configuration has no URL, and its only history is the commit.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from gobp.buildservice.builds.order import GitSource, Pin, Source
from gobp.buildservice.settings.schema import Sources
from gobp.buildservice.sources.git import Deadline, GitFailedError, OutOfTimeError
from gobp.buildservice.sources.git_remote import Remote, RemoteError, Remotes, Trouble
from gobp.buildservice.sources.git_submodules import Submodule, submodules
from gobp.buildservice.sources.git_tree import Tree, read_tree, remove_leaving_links
from gobp.buildservice.sources.guard import Lookup, RefusedError
from gobp.buildservice.sources.tree import FetchError, SourceTree
from gobp.golang import semver

_PASSING = frozenset({Trouble.PASSING, Trouble.OUT_OF_TIME})
_UNREACHABLE = 502
_MOST_REPOSITORIES = 64


class GitFetcher:
    """Fetches commits (see Fetcher). ``lookup`` is as of Remotes."""

    def __init__(
        self, settings: Sources, env: Mapping[str, str], lookup: Lookup | None = None
    ) -> None:
        self._remotes = Remotes(settings, env, lookup)
        self._seconds = settings.timeout
        self._most = settings.most

    def fetch(
        self, source: Source, pin: Pin, folder: Path, say: Callable[[str], None]
    ) -> SourceTree:
        """Fetch the commit of a pin into an empty folder. Raises FetchError."""
        if not isinstance(source, GitSource):
            raise TypeError(f"{source.name} is no repository")
        fetching = _Fetching(self._remotes, Deadline(self._seconds), self._most, say)
        try:
            time = fetching.fetch(source, pin, folder)
        except RefusedError as error:
            raise FetchError(error.text, passing=error.status == _UNREACHABLE) from None
        except RemoteError as error:
            raise FetchError(error.text, passing=error.trouble in _PASSING) from None
        except OutOfTimeError:
            text = f"fetching {source.name} took longer than {self._seconds:.0f} seconds"
            raise FetchError(text, passing=True) from None
        except GitFailedError as error:
            text = _too_large(source) if error.too_large else _not_unpacked(source, pin)
            raise FetchError(text, passing=False) from None
        return SourceTree(folder, time, f"git+https://{source.name}", "gitCommit", pin.commit)


class _Fetching:
    """Fetches one commit, with what it needs of other repositories."""

    def __init__(
        self, remotes: Remotes, deadline: Deadline, most: int, say: Callable[[str], None]
    ) -> None:
        self._remotes = remotes
        self._deadline = deadline
        self._git = remotes.local(deadline)
        self._left = most
        self._repositories = 0
        self._say = say

    def fetch(self, source: GitSource, pin: Pin, folder: Path) -> int:
        """Fetch a repository with its submodules, if asked, and return the time of the commit."""
        source = self._remotes.settle(source)
        tree = self._one(source, pin.commit, folder, version=pin.version)
        if source.submodules:
            self._submodules(source, source, tree, folder)
        for link, target in remove_leaving_links(folder):
            self._say(f"left out the link {link!a}: it leads out of the repository, to {target!a}")
        self._tag(pin, folder)
        return int(self._git.text("log", "-1", "--no-show-signature", "--format=%ct", cwd=folder))

    def _one(
        self,
        source: GitSource,
        commit: str,
        folder: Path,
        *,
        version: str = "",
        anonymous: bool = False,
    ) -> Tree:
        """Fetch one repository, and return what its commit has."""
        self._repositories += 1
        if self._repositories > _MOST_REPOSITORIES:
            raise FetchError(f"more than {_MOST_REPOSITORIES} submodules", passing=False)
        self._say(f"fetching {source.name} at {commit}")
        object_format = "sha256" if len(commit) == 64 else "sha1"
        init = ("init", "-q", "--template=", f"--object-format={object_format}")
        self._git.run(*init, cwd=folder)

        def ask(remote: Remote) -> None:
            _fetch_commit(remote, commit, version, folder)

        self._remotes.reach(source, self._deadline, ask, anonymous=anonymous)
        tree = read_tree(self._git, commit, folder)
        self._left -= tree.size
        if self._left < 0:
            raise FetchError(_too_large(source), passing=False)
        self._git.run("checkout", "-q", "--detach", commit, "--", cwd=folder)
        (folder / ".git" / "FETCH_HEAD").unlink()  # it has the URL
        return tree

    def _submodules(self, top: GitSource, source: GitSource, tree: Tree, folder: Path) -> None:
        """Fetch the submodules of a repository that was fetched, and theirs."""
        for each in submodules(self._git, source, tree, folder):
            inner = self._remotes.settle(each.source)
            into = _inside(folder, each)
            own = (inner.host, _owner(inner)) == (top.host, _owner(top))
            of_it = self._one(inner, each.commit, into, anonymous=not own)
            self._submodules(top, inner, of_it, into)

    def _tag(self, pin: Pin, folder: Path) -> None:
        """Name the commit by its tag, which ``git describe`` looks for."""
        if semver.is_valid(pin.version) or not (pin.moving or pin.version == pin.commit):
            self._git.run("update-ref", f"refs/tags/{pin.version}", pin.commit, cwd=folder)


def _fetch_commit(remote: Remote, commit: str, version: str, folder: Path) -> None:
    """Fetch a commit; where the server gives none by its hash, by the tag or branch it had."""
    fetch = ("fetch", "-q", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", remote.url)
    try:
        remote.git.run(*fetch, commit, cwd=folder)
    except GitFailedError as error:
        if "unadvertised object" not in error.text or version in {"", commit}:
            raise
        remote.git.run(*fetch, version, cwd=folder)


def _too_large(source: Source) -> str:
    return f"{source.name} is larger than sources.most allows"


def _not_unpacked(source: Source, pin: Pin) -> str:
    return f"{source.name} has no commit {pin.commit} that can be unpacked"


def _owner(source: GitSource) -> str:
    return source.path.partition("/")[0]


def _inside(folder: Path, submodule: Submodule) -> Path:
    """Return the folder of a submodule, which git has made, and which is no way out."""
    path = folder / submodule.path
    if path.resolve() != folder.resolve() / submodule.path or not path.is_dir():
        raise FetchError(f"the submodule {submodule.path!a} is no folder", passing=False)
    return path
