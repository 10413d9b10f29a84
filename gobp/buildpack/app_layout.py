"""How an app is laid out: which folder is built, and by which of Go's three modes."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gobp.buildpack.component import AppTree
from gobp.errors import UserError


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
    workdir = relative_folder(app, env.get("BP_GO_WORKDIR", ""), named_by="BP_GO_WORKDIR")
    use = tuple(part for part in env.get("BP_GO_WORK_USE", "").split(":") if part)
    for folder in use:
        relative_folder(app, posixpath.join(workdir, folder), named_by="BP_GO_WORK_USE")
    workspaces = env.get("GOWORK", "") != "off"
    work_root = _nearest(app, workdir, "go.work") if workspaces else None
    module_root = _nearest(app, workdir, "go.mod")
    if use and work_root is None:
        return AppLayout(Mode.WORKSPACE, workdir, workdir, _vendored(app, workdir), use)
    if work_root is not None:
        return AppLayout(Mode.WORKSPACE, workdir, work_root, _vendored(app, work_root), use)
    if module_root is not None:
        return AppLayout(Mode.MODULE, workdir, module_root, _vendored(app, module_root))
    return AppLayout(Mode.GOPATH, workdir, workdir, app.is_dir(posixpath.join(workdir, "vendor")))


def relative_folder(app: AppTree, path: str, *, named_by: str) -> str:
    """Return a folder of the app in its shortest form, "" for the root. Raises UserError."""
    clean = posixpath.normpath(path) if path else ""
    if clean.startswith("/") or clean.split("/")[0] == "..":
        raise UserError(
            f"{named_by} names {path!r}, which is outside the app",
            remedy=f"give {named_by} a folder relative to the root of the app.",
        )
    clean = "" if clean == "." else clean
    if clean and not app.is_dir(clean):
        raise UserError(
            f"{named_by} names {path!r}, and the app has no such folder",
            detail=f"folders there: {', '.join(_folders(app)) or 'none'}",
            remedy=f"give {named_by} a folder relative to the root of the app.",
        )
    return clean


def _folders(app: AppTree) -> list[str]:
    return [name for name in app.names() if app.is_dir(name) and not name.startswith(".")][:20]


def _nearest(app: AppTree, folder: str, name: str) -> str | None:
    """Return the nearest folder at or above ``folder``, within the app, that has a file."""
    while True:
        if app.has(posixpath.join(folder, name)):
            return folder
        if not folder:
            return None
        folder = posixpath.dirname(folder)


def _vendored(app: AppTree, root: str) -> bool:
    """Tell whether go filled the vendor folder: a folder of that name may hold other things."""
    return app.has(posixpath.join(root, "vendor", "modules.txt"))
