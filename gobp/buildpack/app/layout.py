"""How an app is laid out: which folder is built, and by which of Go's three modes."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gobp.buildpack.app.folders import (
    build_folder,
    folders_to_use,
    module_root,
    relative_folder,
    workspace_root,
)
from gobp.buildpack.component import AppTree
from gobp.errors import UserError

_FILES_OF_GO = ("go.mod", "go.sum", "go.work", "go.work.sum")


class Mode(Enum):
    """Go's ways to find packages."""

    MODULE = "module"
    WORKSPACE = "workspace"
    GOPATH = "GOPATH"


class Vendor(Enum):
    """What the app's vendor folder is."""

    ABSENT = "absent"
    OF_GO = "filled by go"
    OTHER = "not filled by go"


@dataclass(frozen=True, slots=True)
class AppLayout:
    """Where the go commands run and what they find there.

    ``workdir`` is the folder to build (BP_GO_WORKDIR, "" for the app's root); ``root`` is the
    folder with go.work or go.mod, the same as workdir in GOPATH mode. ``version_files`` name the
    Go that is needed. All are relative to the app. ``use`` are the folders of BP_GO_WORK_USE,
    which become part of the workspace.
    """

    mode: Mode
    workdir: str
    root: str
    version_files: tuple[str, ...]
    vendor: Vendor
    use: tuple[str, ...] = ()


def read_layout(app: AppTree, env: Mapping[str, str]) -> AppLayout:
    """Read how the app is laid out. Raises UserError on a folder that is not there."""
    workdir = build_folder(app, env)
    _check_files(app, workdir)
    use = folders_to_use(env)
    for folder in use:
        relative_folder(app, posixpath.join(workdir, folder), named_by="BP_GO_WORK_USE")
    mode, root, files = _mode(app, env, workdir, use)
    return AppLayout(mode, workdir, root, files, _vendor(app, root, mode), use)


def _check_files(app: AppTree, folder: str) -> None:
    """Raise UserError where go would wait for ever: it opens a pipe of the name that it looks for.

    Source: cmd/go, ``modload.findEnclosingFile``.
    """
    for name in _FILES_OF_GO:
        path = posixpath.join(folder, name)
        if name in app.names(folder) and not (app.has(path) or app.is_dir(path)):
            raise UserError(
                f"{path} is not a file that can be read: it is a pipe, a device, or a link to "
                "what is not there",
                remedy=f"make {path} a file, or remove it.",
            )
    if folder:
        _check_files(app, posixpath.dirname(folder))


def _mode(
    app: AppTree, env: Mapping[str, str], workdir: str, use: tuple[str, ...]
) -> tuple[Mode, str, tuple[str, ...]]:
    """Return the mode, the root, and the files that name Go's version."""
    work_root = workspace_root(app, env, workdir)
    if work_root is not None:
        return Mode.WORKSPACE, work_root, (posixpath.join(work_root, "go.work"),)
    if use:  # the workspace is made from these
        modules = (posixpath.normpath(posixpath.join(workdir, each, "go.mod")) for each in use)
        return Mode.WORKSPACE, workdir, tuple(filter(app.has, modules))
    mod_root = module_root(app, workdir)
    if mod_root is not None:
        return Mode.MODULE, mod_root, (posixpath.join(mod_root, "go.mod"),)
    return Mode.GOPATH, workdir, ()


def _vendor(app: AppTree, root: str, mode: Mode) -> Vendor:
    folder = posixpath.join(root, "vendor")
    if not app.is_dir(folder):
        return Vendor.ABSENT
    if mode is Mode.GOPATH or app.has(posixpath.join(folder, "modules.txt")):
        return Vendor.OF_GO
    return Vendor.OTHER
