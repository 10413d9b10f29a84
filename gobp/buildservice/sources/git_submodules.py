"""The submodules of a commit: which repositories they are, as .gitmodules says."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gobp.buildservice.builds.order import GitSource
from gobp.buildservice.sources.git import Git, GitFailedError
from gobp.buildservice.sources.git_tree import Tree
from gobp.buildservice.sources.tree import FetchError

_RELATIVE = ("./", "../")
_SCHEMES = frozenset({"https", "http"})  # which of them is used says the host's part of settings


@dataclass(frozen=True, slots=True)
class Submodule:
    """A repository (not settled) to be fetched at a commit into a path of another one."""

    path: str
    source: GitSource
    commit: str


def submodules(git: Git, source: GitSource, tree: Tree, folder: Path) -> Iterator[Submodule]:
    """Yield the submodules of what was fetched of ``source``, by path. Raises FetchError."""
    if not tree.submodules:
        return
    urls = _urls(git, tree, folder)
    for path, commit in sorted(tree.submodules.items()):
        if path not in urls:
            raise FetchError(f"no .gitmodules says what the submodule {path!a} is", passing=False)
        yield Submodule(path, _source(source, urls[path]), commit)


def _urls(git: Git, tree: Tree, folder: Path) -> dict[str, str]:
    """Return the URLs of submodules by their path."""
    blob = ("config", "-z", f"--blob={tree.commit}:.gitmodules", "--get-regexp")
    try:
        output = git.run(*blob, r"^submodule\..*\.(path|url)$", cwd=folder)
    except GitFailedError:
        return {}
    said: dict[str, dict[str, str]] = {}
    for entry in output.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        key, _, value = entry.partition("\n")
        name, _, what = key.rpartition(".")
        said.setdefault(name, {})[what] = value
    return {each["path"]: each["url"] for each in said.values() if {"path", "url"} <= each.keys()}


def _source(parent: GitSource, url: str) -> GitSource:
    """Return the repository that a URL names, which may be relative to that of its parent."""
    if url.startswith(_RELATIVE):
        path = posixpath.normpath(posixpath.join("/", parent.path, url))
        return GitSource(parent.host, path.strip("/"))
    refused = FetchError(f"the submodule {url!a} is not fetched: only https is", passing=False)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise refused from None
    if parts.scheme not in _SCHEMES:
        raise refused
    return GitSource(parts.netloc.rpartition("@")[2].lower(), parts.path.strip("/"))
