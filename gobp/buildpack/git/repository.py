"""Reading the commit that is checked out, from the files of a repository.

The git command is not asked: a build image may lack it, and git refuses a repository of another
user. Source: gitrepository-layout(5), "HEAD", "refs", "packed-refs", "commondir"; gitglossary,
"worktree".
"""

import posixpath
import re

from gobp.buildpack.component import AppTree
from gobp.errors import UserError

DOT_GIT = ".git"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_LINKS = 5  # a ref that names a ref, as git follows them
_POINTER = "gitdir:"  # how a .git begins that is a file


def repository_folder(app: AppTree) -> str:
    """Return the repository's folder, relative to the app; "" where it is not in the app.

    The ``.git`` of a worktree or a submodule is a file that names a folder, most often elsewhere.
    """
    if app.is_dir(DOT_GIT):
        return DOT_GIT
    if not app.has(DOT_GIT):
        return ""
    named = app.read_text(DOT_GIT).strip().removeprefix(_POINTER).strip()
    folder = posixpath.normpath(named)
    inside = folder != "." and not folder.startswith(("../", "/")) and folder != ".."
    return folder if inside and app.is_dir(folder) else ""


def revision(app: AppTree) -> str:
    """Return the commit that HEAD names, "" where there is none yet. Raises UserError."""
    folder = repository_folder(app)
    name = "HEAD"
    for _ in range(_MOST_LINKS):
        text = _read_ref(app, folder, name)
        if _COMMIT.fullmatch(text):
            return text
        if not text.startswith("ref: "):
            break
        name = text.removeprefix("ref: ").strip()
    else:
        raise _unreadable("its HEAD names a ref that names a ref, too many times")
    if text:
        raise _unreadable(f"{name} holds {text[:60]!r}")
    return ""


def _read_ref(app: AppTree, folder: str, name: str) -> str:
    """Return what a ref holds, "" where it is not there."""
    if posixpath.normpath(name) != name or name.startswith(("../", "/")):
        raise _unreadable(f"its HEAD names {name!r}")
    common = _common_folder(app, folder)
    for path in (f"{folder}/{name}", f"{common}/{name}"):
        if app.has(path):
            return app.read_text(path).strip()
    return _packed(app, common).get(name, "")


def _common_folder(app: AppTree, folder: str) -> str:
    """Return the folder with the refs: that of the repository which a worktree belongs to."""
    path = f"{folder}/commondir"
    if not app.has(path):
        return folder
    common = posixpath.normpath(posixpath.join(folder, app.read_text(path).strip()))
    if common.startswith(("../", "/")):
        raise _unreadable("its refs are outside of the app")
    return common


def _packed(app: AppTree, folder: str) -> dict[str, str]:
    path = f"{folder}/packed-refs"
    if not app.has(path):
        return {}
    rows = [line.split(" ") for line in app.read_text(path).splitlines()]
    return {row[1]: row[0] for row in rows if len(row) == 2 and _COMMIT.fullmatch(row[0])}


def _unreadable(reason: str) -> UserError:
    return UserError(
        f"the app's git repository cannot be read: {reason}",
        remedy="give the build a whole repository, or leave .git out of the app.",
    )
