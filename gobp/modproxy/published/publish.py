"""Publish a module from a checkout: to a tree on this machine, a git repository or a server."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobp.modproxy.published.git import Git
from gobp.modproxy.published.release import Release, copy_into
from gobp.modproxy.published.source import find_source, make_release
from gobp.modproxy.published.to_git import publish_to_git
from gobp.modproxy.published.to_server import publish_to_server
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash


@dataclass(frozen=True, slots=True)
class Target:
    """Where to publish: a server's root folder, a git repository, or the URL of a server.

    One of them is not empty. ``branch`` is of the repository, "" for its default one; ``token`` is
    for the server, "" to be there whom the netrc file says.
    """

    root: str = ""
    repository: str = ""
    branch: str = ""
    url: str = ""
    token: str = field(default="", repr=False)


def publish(
    checkout: Path, version: str, target: Target, env: Mapping[str, str], *, allow_dirty: bool
) -> tuple[str, bool]:
    """Publish the module in a folder at the commit that is checked out there.

    Return what it is, with its hash, and whether it is new; ``version`` and ``allow_dirty`` are
    those of find_source. Raises UserError.
    """
    git = Git(env)
    source = find_source(checkout, version, git, allow_dirty=allow_dirty)
    with tempfile.TemporaryDirectory(prefix="gobp-publish-") as folder:
        release = make_release(source, git, Path(folder))
        new = _put(release, target, git, env)
    return f"{release} {release.h1}", new


def _put(release: Release, target: Target, git: Git, env: Mapping[str, str]) -> bool:
    if target.repository:
        work = release.zip.parent
        return publish_to_git(release, target.repository, target.branch, git, work)
    if target.url:
        return publish_to_server(release, target.url, target.token, env)
    trees = Trees.below(Path(target.root))
    trees.prepare()
    return copy_into(trees.private, release, zip_hash)
