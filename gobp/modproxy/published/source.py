"""What is published: a module at a commit of the repository that somebody works in.

The zip has the files that the go command would take from the repository for the same version
(https://go.dev/ref/mod#zip-files), so that who fetches it otherwise gets the same hash.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gobp.errors import UserError
from gobp.golang import modfile
from gobp.golang.module import check_version_fits, split_path_major
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.protocol.requests import Kind, ModuleFile, is_canonical
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.protocol.version_list import in_order
from gobp.modproxy.published.git import Git, GitError, without_user
from gobp.modproxy.published.release import Release
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.tree.zip_check import zip_hash
from gobp.modproxy.vcs.archive import LICENSE, make_module_zip

# As for the go command: files as they were committed, and no settings of this machine's user.
_ATTRIBUTES = "* -export-subst -export-ignore\n"
_ARCHIVE_OPTIONS = ("-c", "core.autocrlf=input", "-c", "core.eol=lf")
_NOBODYS_SETTINGS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Source:
    """A module at a commit; ``folder`` is below the repository's root ("" at it)."""

    checkout: Path
    folder: str
    commit: str
    go_mod: bytes
    module: str
    version: str


def find_source(checkout: Path, version: str, git: Git, *, allow_dirty: bool) -> Source:
    """Return the module in a folder at the commit that is checked out.

    ``version`` is "" for the one that a tag of the commit names. With ``allow_dirty`` changes that
    are not committed are no hindrance; they are not published. Raises UserError.
    """
    try:
        folder = git.text("rev-parse", "--show-prefix", cwd=checkout).removesuffix("/")
        commit = git.text("rev-parse", "--verify", "HEAD^{commit}", cwd=checkout)
    except GitError as error:
        raise UserError(
            f"{checkout} is in no git repository with a commit",
            detail=error.detail,
            remedy="name a folder in the checkout of the module's repository.",
        ) from None
    if not allow_dirty:
        _check_clean(checkout, git)
    go_mod = _read(checkout, commit, _join(folder, "go.mod"), git)
    if go_mod is None:
        raise UserError(
            f"{checkout} has no go.mod in the commit {commit[:12]}",
            remedy="name the folder of the module; commit its go.mod.",
        )
    module = modfile.parse(go_mod.decode("utf-8", "replace"), source="go.mod").module
    if not version:
        tags = git.text("tag", "--points-at", commit, cwd=checkout).splitlines()
        version = version_of_tags(module, folder, tags)
    _check_version(module, version)
    return Source(checkout, folder, commit, go_mod, module, version)


def version_of_tags(module: str, folder: str, tags: Iterable[str]) -> str:
    """Return the version that tags of a commit name for a module in a folder, the highest one.

    The tag of a module in a folder ``sub`` is ``sub/v1.2.3``; a last element /v2 of the module's
    path, which may be a folder too, is no part of it (https://go.dev/ref/mod#vcs-version).
    Raises UserError.
    """
    major = split_path_major(module)[1]
    above = folder
    if major.startswith("/") and f"/{folder}".endswith(major):
        above = folder[: -len(major)]
    prefix = f"{above}/" if above else ""
    tags = tuple(tags)
    named = (tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix))
    versions = in_order(v for v in named if is_canonical(module, v) and not is_pseudo_version(v))
    if not versions:
        shown = ", ".join(tags[:_MOST_NAMED]) or "none"
        raise UserError(
            f"no tag of this commit is a version of {module}; its tags: {shown}",
            remedy=f"tag it, as with git tag {prefix}{major[1:] or 'v1'}.0.0, or give --version.",
        )
    return versions[-1]


def make_release(source: Source, git: Git, folder: Path) -> Release:
    """Make the files of the version in an empty folder. Raises UserError."""
    file = ModuleFile(source.module, source.version, Kind.ZIP)
    tar, target = folder / "tar", folder / "zip"
    _archive(source, tar, git, folder / "git")
    licence = _read(source.checkout, source.commit, LICENSE, git) if source.folder else None
    try:
        make_module_zip(
            tar, target, file, folder=source.folder, go_mod=source.go_mod, licence=licence
        )
        h1 = zip_hash(target, file)
    except SourceError as error:
        raise UserError(
            error.text, remedy="remove or rename the file, see https://go.dev/ref/mod#zip-files."
        ) from None
    tar.unlink()
    info = _info(source, git).content
    return Release(source.module, source.version, target, h1, source.go_mod, info)


def _archive(source: Source, tar: Path, git: Git, scratch: Path) -> None:
    """Write a tar file of the module's folder by a repository that borrows the other's objects.

    The attributes of the archive can be set there; the checkout may also be a shallow one.
    """
    told = git.text(
        *("rev-parse", "--path-format=absolute", "--git-path", "objects", "--show-object-format"),
        cwd=source.checkout,
    )
    objects, object_format = told.splitlines()
    init = ("init", "--quiet", "--bare", f"--object-format={object_format}")
    git.run(*init, str(scratch), cwd=tar.parent)
    (scratch / "objects/info/alternates").write_text(f"{objects}\n", encoding="utf-8")
    (scratch / "info").mkdir(exist_ok=True)
    (scratch / "info/attributes").write_text(_ATTRIBUTES, encoding="ascii")
    git.run(
        *_ARCHIVE_OPTIONS,
        *("archive", "--format=tar", f"--output={tar}", source.commit),
        *((source.folder,) if source.folder else ()),
        cwd=scratch,
        more=_NOBODYS_SETTINGS,
    )


def _info(source: Source, git: Git) -> VersionInfo:
    seconds = int(git.text("log", "-1", "--format=%ct", source.commit, cwd=source.checkout))
    time = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    origin = {"VCS": "git", "URL": _url(source, git), "Subdir": source.folder}
    origin["Hash"] = source.commit
    return VersionInfo.make(
        source.version, time, {name: value for name, value in origin.items() if value}
    )


def _url(source: Source, git: Git) -> str:
    """Return where the repository is from, "" if it has no remote origin."""
    try:
        return without_user(git.text("remote", "get-url", "origin", cwd=source.checkout))
    except GitError:
        return ""


def _check_clean(checkout: Path, git: Git) -> None:
    lines = git.text("status", "--porcelain", cwd=checkout).splitlines()
    if lines:
        raise UserError(
            f"{checkout} has changes that are not committed",
            detail="\n".join(lines[:_MOST_NAMED]),
            remedy="commit them, or publish the commit without them with --allow-dirty.",
        )


def _check_version(module: str, version: str) -> None:
    check_version_fits(module, version)
    if not is_canonical(module, version) or is_pseudo_version(version):
        raise UserError(
            f"{version} is no version that can be published",
            remedy="use one in full, as v1.2.3 or v1.2.3-rc.1.",
        )


def _read(checkout: Path, commit: str, path: str, git: Git) -> bytes | None:
    try:
        return git.run("cat-file", "blob", f"{commit}:{path}", cwd=checkout)
    except GitError:
        return None


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
