"""What a ref of a repository stands for: asked of its server, of which nothing is cloned."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from gobp.buildservice.builds.order import GitSource, Order, Pin
from gobp.buildservice.resolving.queries import Asks, Query, highest, parse_query
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.settings.schema import Sources
from gobp.buildservice.sources.git import Deadline, GitFailedError
from gobp.buildservice.sources.git_remote import Remote, RemoteError, Remotes, Trouble
from gobp.buildservice.sources.guard import Lookup, RefusedError
from gobp.modproxy.vcs.refs import HEAD, HEADS, TAGS, AmbiguousError, Refs

_STATUS = {
    Trouble.MISSING: 404,
    Trouble.NOT_THERE: 404,
    Trouble.OUT_OF_TIME: 504,
    Trouble.PASSING: 503,
}
_BAD_GATEWAY = 502
_MOST_COMMIT = 64 * 1024 * 1024  # bytes: of a server that cannot send a commit alone
_MOST_REMEMBERED = 4096
_DOTS_OF_A_VERSION = 2


@dataclass(frozen=True, slots=True)
class _Found:
    """A commit in hex, what it was found as, and whether that can be another one tomorrow."""

    commit: str
    version: str
    moving: bool


class GitResolver:
    """Resolves orders of repositories. ``lookup`` is as of Remotes."""

    def __init__(
        self, settings: Sources, env: Mapping[str, str], lookup: Lookup | None = None
    ) -> None:
        self._remotes = Remotes(settings, env, lookup)
        self._seconds = settings.resolve_timeout
        self._times: dict[tuple[str, str], int] = {}

    def resolve(self, order: Order) -> tuple[Order, Pin]:
        """Return the order of a GitSource as it is built, and its pin (see Resolver).

        A repository that has another name by now is built by that. Raises NotResolvedError.
        """
        if not isinstance(order.source, GitSource):
            raise TypeError(f"{order.source.name} is no repository")
        try:
            source, found, time = self._resolve(order.source, parse_query(order.ref))
        except RefusedError as error:
            raise NotResolvedError(error.status, error.text) from None
        except RemoteError as error:
            raise NotResolvedError(_STATUS.get(error.trouble, _BAD_GATEWAY), error.text) from None
        pin = Pin(version=found.version, commit=found.commit, moving=found.moving, time=time)
        return structs.replace(order, source=source), pin

    def _resolve(self, source: GitSource, query: Query) -> tuple[GitSource, _Found, int]:
        deadline = Deadline(self._seconds)
        with tempfile.TemporaryDirectory(prefix="gobp-resolve-") as temporary:
            folder = Path(temporary)
            source, found = self._remotes.reach(
                self._remotes.settle(source), deadline, lambda remote: _find(remote, query, folder)
            )
            return source, found, self._time(source, found.commit, deadline, folder)

    def _time(self, source: GitSource, commit: str, deadline: Deadline, folder: Path) -> int:
        """Return the time of a commit, and see that it is there; 0 where it is too large to look.

        Raises RemoteError.
        """
        key = (source.name, commit)
        if key not in self._times:
            try:
                _, time = self._remotes.reach(
                    source, deadline, lambda remote: _commit_time(remote, commit, folder)
                )
            except RemoteError as error:
                if error.trouble is not Trouble.TOO_LARGE:
                    raise
                time = 0
            if len(self._times) >= _MOST_REMEMBERED:
                self._times.clear()
            self._times[key] = time
        return self._times[key]


def _find(remote: Remote, query: Query, folder: Path) -> _Found:
    """Return what a query finds. Raises NotResolvedError, GitFailedError."""
    refs = _refs(remote, folder, "--heads", "--tags")
    found = _found(query, refs)
    if found is None and (query.asks is Asks.LATEST or query.ref == HEAD):
        head = _refs(remote, folder, "--", HEAD).commits.get(HEAD)
        found = _Found(head, HEAD, moving=True) if head else None
    if found is None:
        raise NotResolvedError(404, f"the repository has no {query.ref}{_hint(query)}")
    return found


def _refs(remote: Remote, folder: Path, *what: str) -> Refs:
    options, patterns = (what, ()) if "--" not in what else ((), what[1:])
    output = remote.git.run("ls-remote", "-q", *options, "--", remote.url, *patterns, cwd=folder)
    return Refs.parse(output.decode("utf-8", "replace"))


def _found(query: Query, refs: Refs) -> _Found | None:
    """Return what a query finds among branches and tags; a tag of the very name goes first."""
    if query.asks is Asks.COMMIT:
        return _Found(query.ref, query.ref, moving=False)
    if query.asks is not Asks.LATEST:
        try:
            name, commit = refs.find(query.ref)
        except AmbiguousError as error:
            raise NotResolvedError(400, f"{error}: write more of it") from None
        if name == TAGS + query.ref:
            return _Found(commit, query.ref, moving=query.asks is Asks.PREFIX)
        if name == HEADS + query.ref:
            return _Found(commit, query.ref, moving=True)
        if commit:
            return _Found(commit, commit, moving=False)
    versions = _versions(refs)
    version = highest(query, list(versions))
    if version is None:
        return None
    return _Found(refs.tags[versions[version]], versions[version], moving=True)


def _versions(refs: Refs) -> dict[str, str]:
    """Return the tags that are whole versions, by version: the tag may leave out the v."""
    found = {}
    for tag in refs.tags:
        version = tag if tag.startswith("v") else f"v{tag}"
        if version.partition("-")[0].partition("+")[0].count(".") == _DOTS_OF_A_VERSION:
            found[version] = tag
    return found


def _hint(query: Query) -> str:
    if query.asks is Asks.NAME and len(query.ref) >= 7:
        return "; a commit that is not at the end of a branch or tag is written in full"
    return ""


def _commit_time(remote: Remote, commit: str, folder: Path) -> int:
    """Return the time of a commit in seconds of the epoch; it is fetched without its files."""
    repository = folder / "commit.git"
    object_format = "sha256" if len(commit) == 64 else "sha1"
    git = replace(remote.git, most=_MOST_COMMIT)
    init = ("init", "-q", "--bare", "--template=", f"--object-format={object_format}")
    git.run(*init, "--", str(repository), cwd=folder)
    fetch = ("fetch", "-q", "--depth=1", "--no-tags", "--filter=tree:0")
    git.run(*fetch, "--", remote.url, commit, cwd=repository)
    show = ("log", "-1", "--no-show-signature", "--format=%ct", commit, "--")
    try:
        return int(git.text(*show, cwd=repository))
    except (GitFailedError, ValueError):
        raise NotResolvedError(404, f"{commit} is no commit") from None
