"""A version of a module that is to be published, and how it gets into a tree: once."""

import fcntl
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gobp.errors import UserError
from gobp.golang import modfile
from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_list import format_version_list
from gobp.modproxy.tree.module_tree import ChangedVersionError, ModuleTree

INFO_HEADER = "x-go-module-info"
"""Header of an upload: the .info file of the version, JSON in one line."""


class OtherContentError(UserError):
    """The version is published already, with other content."""

    def __init__(self, release: "Release", what: str) -> None:
        super().__init__(
            f"{release.module}@{release.version} is published already, with another {what}",
            remedy="make a new version: a published one is never changed, because go.sum files "
            "of those who use it hold its hash.",
        )


@dataclass(frozen=True, slots=True)
class Release:
    """The files of one version, as they are served; ``h1`` is the hash of the zip."""

    module: str
    version: str
    zip: Path
    h1: str
    mod: bytes
    info: bytes

    def file(self, kind: Kind) -> ModuleFile:
        """Return which file of the protocol one of the files is."""
        return ModuleFile(self.module, self.version, kind)

    def __str__(self) -> str:
        return f"{self.module}@{self.version}"


def go_mod_of(path: Path, file: ModuleFile) -> bytes:
    """Return the .mod file of a version from its zip, whose rules were checked.

    Raises UserError where its go.mod cannot be read or is of another module.
    """
    with zipfile.ZipFile(path) as archive:
        try:
            entry = archive.getinfo(f"{file.module}@{file.version}/go.mod")
        except KeyError:  # as the go command has it: https://go.dev/ref/mod#non-module-compat
            return f"module {file.module}\n".encode()
        with archive.open(entry) as content:
            mod = content.read(MOST_GO_MOD_BYTES)
    named = modfile.parse(mod.decode("utf-8", "replace"), source="go.mod").module
    if named != file.module:
        raise UserError(
            f"the go.mod of {file.module}@{file.version} is that of {named}",
            remedy=f"publish it as {named}, or correct the module line.",
        )
    return mod


def check_other_content(tree: ModuleTree, release: Release, zip_hash: ZipHash) -> None:
    """Raise OtherContentError where a tree has the version with other content."""
    stored = tree.find(release.file(Kind.ZIP))
    known = tree.pinned_hash(release.module, release.version)
    if stored and not known:
        known = zip_hash(stored, release.file(Kind.ZIP))
    if known and known != release.h1:
        raise OtherContentError(release, "zip")
    mod = tree.find(release.file(Kind.MOD))
    if mod and mod.read_bytes() != release.mod:
        raise OtherContentError(release, "go.mod")


def put(tree: ModuleTree, release: Release, zip_hash: ZipHash) -> bool:
    """Let a version appear in a tree; return False if it was there already, the same.

    The zip must be a new file of the tree. The version appears in lists last, when it is whole.
    Raises OtherContentError.
    """
    check_other_content(tree, release, zip_hash)
    try:
        is_new = tree.publish_zip(release.zip, release.file(Kind.ZIP), release.h1)
    except ChangedVersionError:  # somebody was first meanwhile
        raise OtherContentError(release, "zip") from None
    mod_is_new = tree.publish_small(release.file(Kind.MOD), release.mod)
    info_is_new = tree.publish_small(release.file(Kind.INFO), release.info)
    _put_in_list(tree, release.module)
    return is_new or mod_is_new or info_is_new


def copy_into(tree: ModuleTree, release: Release, zip_hash: ZipHash) -> bool:
    """Let a version appear in a tree, its zip being somewhere else; see put."""
    with tree.new_file() as zip_there:
        shutil.copyfile(release.zip, zip_there)
        return put(tree, replace(release, zip=zip_there), zip_hash)


def _put_in_list(tree: ModuleTree, module: str) -> None:
    """Have the list name all versions; its time stays that of the last answer of a source."""
    path = tree.list_path(module)
    with _alone(tree.locks / "lists"):
        try:
            seconds, content = path.stat().st_mtime, path.read_bytes()
        except FileNotFoundError:
            seconds, content = 0.0, None
        versions = (*(tree.listed(module) or ()), *tree.versions(module))
        if content != format_version_list(versions):
            tree.write_list(module, versions)
            os.utime(path, (seconds, seconds))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the only one of this machine in the block."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
