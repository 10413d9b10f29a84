"""Publish a version into the git repository of a module tree, whoever else publishes there."""

import secrets
import shutil
import time
from pathlib import Path

from gobp.errors import UserError
from gobp.modproxy.protocol.requests import Kind, version_folder
from gobp.modproxy.published.git import Git, GitError, check_repository, without_user
from gobp.modproxy.published.release import Release, copy_into
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.zip_check import zip_hash

_ATTEMPTS = 12
_LONGEST_PAUSE = 2.0  # seconds; two that pause as long would meet again
_SOMEBODY_WAS_FIRST = (
    *("[rejected]", "cannot lock ref", "failed to update ref", "incorrect old value"),
    "reference already exists",
)
# Bytes stay as they are, whatever git makes of lines elsewhere; a filter, as git-lfs', is kept.
_ATTRIBUTES = "* -text -ident -working-tree-encoding\n"
_FIRST_ATTRIBUTES = "* -text\n"  # of a new repository, for checkouts on Windows
_LFS = (
    *("-c", "filter.lfs.clean=git-lfs clean -- %f"),
    *("-c", "filter.lfs.smudge=git-lfs smudge --skip -- %f"),
    *("-c", "filter.lfs.required=true"),
)


def publish_to_git(release: Release, repository: str, branch: str, git: Git, folder: Path) -> bool:
    """Push a commit with a version; return False if the repository has it already, the same.

    ``branch`` is "" for the default one; ``folder`` is an empty one to work in.
    Raises UserError: OtherContentError where the version has other content there.
    """
    check_repository(repository, named_by="--repository")
    clone = _Clone(folder / "clone", repository, git)
    clone.make(release, branch)
    for _ in range(_ATTEMPTS):
        if not clone.commit(release):
            return False
        if clone.push():
            return True
        time.sleep(secrets.SystemRandom().uniform(0, _LONGEST_PAUSE))
        clone.renew()
    raise UserError(
        f"{without_user(repository)}: others pushed first, {_ATTEMPTS} times in a row",
        remedy="publish again when there is less to do.",
    )


class _Clone:
    """A clone without history that holds no more of the tree than it takes to add to a module."""

    def __init__(self, folder: Path, repository: str, git: Git) -> None:
        self._folder = folder
        self._repository = repository
        self._git = git
        self._tree = ModuleTree(folder, durable=False)
        self._branch = ""
        self._filter: tuple[str, ...] = ()

    def make(self, release: Release, branch: str) -> None:
        options = ("--quiet", "--depth=1", "--filter=blob:none", "--no-checkout", "--no-tags")
        of_branch = ("--branch", branch) if branch else ()
        arguments = ("clone", *options, *of_branch, "--", self._repository, str(self._folder))
        self._git.run(*arguments, cwd=self._folder.parent)
        self._tree.prepare()
        self._run("sparse-checkout", "set", "--no-cone", *_patterns(release))
        (self._folder / ".git/info").mkdir(exist_ok=True)
        (self._folder / ".git/info/attributes").write_text(_ATTRIBUTES, encoding="ascii")
        self._branch = self._git.text("symbolic-ref", "--short", "HEAD", cwd=self._folder)
        if self._is_empty():
            (self._folder / ".gitattributes").write_text(_FIRST_ATTRIBUTES, encoding="ascii")
            self._run("add", ".gitattributes")
        else:
            self._run("-c", "filter.lfs.smudge=", "checkout", "--quiet", self._branch)

    def commit(self, release: Release) -> bool:
        """Commit the version; return False if it is there already."""
        if not copy_into(self._tree, release, zip_hash):
            return False
        self._filter = self._filters(release)
        folder = version_folder(release.module)
        stem = release.file(Kind.ZIP).path.removesuffix(".zip")
        names = [f"{stem}.{kind}" for kind in (*Kind, "ziphash")]
        self._run(*self._filter, "add", "--sparse", "--", *names, f"{folder}/list")
        message = f"Publish {release}\n\n{release.h1}"
        self._run(*self._filter, "commit", "--quiet", "--message", message)
        return True

    def push(self) -> bool:
        """Push what was committed; return False if somebody else has pushed first."""
        if self._filter:
            self._run("lfs", "push", "origin", "HEAD")
        try:
            self._run("push", "--porcelain", "origin", f"HEAD:refs/heads/{self._branch}")
        except GitError as error:
            if any(text in error.detail for text in _SOMEBODY_WAS_FIRST):
                return False
            raise
        return True

    def renew(self) -> None:
        """Take what was pushed, and forget what was committed here."""
        self._run("fetch", "--quiet", "--depth=1", "origin", f"refs/heads/{self._branch}")
        self._run(*self._filter, "reset", "--quiet", "--hard", "FETCH_HEAD")

    def _filters(self, release: Release) -> tuple[str, ...]:
        """Return options for zips that the repository wants to be kept by git-lfs."""
        path = release.file(Kind.ZIP).path
        told = self._git.text("check-attr", "filter", "--", path, cwd=self._folder)
        if not told.endswith(": lfs"):
            return ()
        if shutil.which("git-lfs") is None:
            raise UserError(
                f"{without_user(self._repository)} keeps zips by git-lfs, which is not installed",
                remedy="install git-lfs here.",
            )
        return _LFS

    def _is_empty(self) -> bool:
        try:
            self._run("rev-parse", "--quiet", "--verify", "HEAD")
        except GitError:
            return True
        return False

    def _run(self, *arguments: str) -> None:
        self._git.run(*arguments, cwd=self._folder)


def _patterns(release: Release) -> tuple[str, ...]:
    """Return what of the tree is checked out: what tells which versions there are, and this one."""
    folder = version_folder(release.module)
    stem = release.file(Kind.ZIP).path.removesuffix("zip")
    return ("/.gitattributes", f"/{folder}/list", f"/{folder}/*.info", f"/{stem}*")
