"""Reading the commit that is checked out, from the files of a repository.

The git command is not asked: a build image may lack it, and git refuses a repository of another
user. Source: gitrepository-layout(5), "HEAD", "refs", "packed-refs"; gitglossary, "worktree".
"""

import posixpath
import re

from gobp.buildpack.component import AppTree
from gobp.errors import UserError

FOLDER = ".git"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_LINKS = 5  # a ref that names a ref, as git follows them


def revision(app: AppTree) -> str:
    """Return the commit that HEAD names, "" where there is none yet. Raises UserError."""
    name = "HEAD"
    for _ in range(_MOST_LINKS):
        text = _read_ref(app, name)
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


def _read_ref(app: AppTree, name: str) -> str:
    """Return what a ref holds, "" where it is not there."""
    path = posixpath.normpath(posixpath.join(FOLDER, name))
    if not path.startswith(f"{FOLDER}/"):
        raise _unreadable(f"its HEAD names {name!r}")
    if app.has(path):
        return app.read_text(path).strip()
    return _packed(app).get(name, "")


def _packed(app: AppTree) -> dict[str, str]:
    path = f"{FOLDER}/packed-refs"
    if not app.has(path):
        return {}
    rows = [line.split(" ") for line in app.read_text(path).splitlines()]
    return {row[1]: row[0] for row in rows if len(row) == 2 and _COMMIT.fullmatch(row[0])}


def _unreadable(reason: str) -> UserError:
    return UserError(
        f"the app's git repository cannot be read: {reason}",
        remedy="give the build a whole repository, or leave .git out of the app.",
    )
