"""How an app is laid out: which folder is built, and by which of Go's three modes."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gobp.buildpack.app_folders import (
    build_folder,
    folders_to_use,
    module_root,
    relative_folder,
    workspace_root,
)
from gobp.buildpack.component import AppTree


class Mode(Enum):
    """Go's ways to find packages."""

    MODULE = "module"
    WORKSPACE = "workspace"
    GOPATH = "GOPATH"


@dataclass(frozen=True, slots=True)
class AppLayout:
    """Where the go commands run and what they find there.

    ``workdir`` is the folder to build (BP_GO_WORKDIR, "" for the app's root); ``root`` is the
    folder with go.work or go.mod, the same as workdir in GOPATH mode. Both relative to the app.
    ``use`` are the folders of BP_GO_WORK_USE, for which a workspace is made.
    """

    mode: Mode
    workdir: str
    root: str
    vendored: bool
    use: tuple[str, ...] = ()

    @property
    def module_file(self) -> str:
        """The file that names Go's version; "" in GOPATH mode."""
        names = {Mode.MODULE: "go.mod", Mode.WORKSPACE: "go.work", Mode.GOPATH: ""}
        name = "go.mod" if self.use else names[self.mode]
        return posixpath.join(self.root, name) if name else ""


def read_layout(app: AppTree, env: Mapping[str, str]) -> AppLayout:
    """Read how the app is laid out. Raises UserError on a BP_GO_WORKDIR that is not there."""
    workdir = build_folder(app, env)
    use = folders_to_use(env)
    for folder in use:
        relative_folder(app, posixpath.join(workdir, folder), named_by="BP_GO_WORK_USE")
    work_root = workspace_root(app, env, workdir)
    mod_root = module_root(app, workdir)
    if use and work_root is None:
        return AppLayout(Mode.WORKSPACE, workdir, workdir, _vendored(app, workdir), use)
    if work_root is not None:
        return AppLayout(Mode.WORKSPACE, workdir, work_root, _vendored(app, work_root), use)
    if mod_root is not None:
        return AppLayout(Mode.MODULE, workdir, mod_root, _vendored(app, mod_root))
    return AppLayout(Mode.GOPATH, workdir, workdir, app.is_dir(posixpath.join(workdir, "vendor")))


def _vendored(app: AppTree, root: str) -> bool:
    """Tell whether go filled the vendor folder: a folder of that name may hold other things."""
    return app.has(posixpath.join(root, "vendor", "modules.txt"))
