"""The folders that say how Go builds an app.

Kept apart from AppLayout because bin/detect, which is timed, needs them without any type.
"""

import posixpath

from gobp.errors import UserError

TYPE_CHECKING = False  # as typing has it, which costs bin/detect more than its answer
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gobp.buildpack.component import AppTree


def build_folder(app: "AppTree", env: "Mapping[str, str]") -> str:
    """Return the folder to build, "" for the app's root. Raises UserError if it is not there."""
    return relative_folder(app, env.get("BP_GO_WORKDIR", ""), named_by="BP_GO_WORKDIR")


def folders_to_use(env: "Mapping[str, str]") -> tuple[str, ...]:
    """Return the folders for which a workspace is to be made."""
    return tuple(part for part in env.get("BP_GO_WORK_USE", "").split(":") if part)


def workspace_root(app: "AppTree", env: "Mapping[str, str]", folder: str) -> str | None:
    """Return the folder of the go.work that holds for a folder, None without one."""
    return None if env.get("GOWORK", "") == "off" else _nearest(app, folder, "go.work")


def module_root(app: "AppTree", folder: str) -> str | None:
    """Return the folder of the go.mod that holds for a folder, None without one."""
    return _nearest(app, folder, "go.mod")


def relative_folder(app: "AppTree", path: str, *, named_by: str) -> str:
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


def _folders(app: "AppTree") -> list[str]:
    return [name for name in app.names() if app.is_dir(name) and not name.startswith(".")][:20]


def _nearest(app: "AppTree", folder: str, name: str) -> str | None:
    """Return the nearest folder at or above ``folder``, within the app, that has a file."""
    while True:
        if app.has(posixpath.join(folder, name)):
            return folder
        if not folder:
            return None
        folder = posixpath.dirname(folder)
