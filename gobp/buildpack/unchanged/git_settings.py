"""What git is asked with: the revision and "modified" that go writes into programs."""

import os
import re
from collections.abc import Mapping

from gobp.buildpack.unchanged.digests import NoKeyError, found_on_path, identity, read_setting

_PROGRAMS = ("git", "git-lfs", "hg", "svn", "bzr", "fossil")
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE")
_OBJECTS_ELSEWHERE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
# Settings by which git reads files, or runs programs, that are not known here.
_LEADS_ELSEWHERE = re.compile(
    r"\[\s*include|attributesfile|fsmonitor|worktree\s*=|\[\s*filter\s+\"(?!lfs\")", re.IGNORECASE
)
_SECRET_LINE = re.compile(r"(?im)^(.*(?:header|password|token|secret)\s*=).*$")
_USER_IN_ADDRESS = re.compile(r"//[^/\s\"]*@")
_ABOVE = (".git", ".hg", ".svn", ".bzr", ".fslckout", "_FOSSIL_")


def inputs_of_git(settings: Mapping[str, str], app: str, *, repository: bool) -> list[str]:
    """Return git's settings and programs, and the repositories that the app lies in.

    ``repository`` says that the app has one of its own. Raises NoKeyError and OSError.
    """
    texts = [read_setting(path) for path in _files(settings)]
    if repository:
        own = read_setting(f"{app}/.git/config")
        named = [name for name in (*_ELSEWHERE, *_OBJECTS_ELSEWHERE) if settings.get(name)]
        if named or any(_LEADS_ELSEWHERE.search(text) for text in (own, *texts)):
            raise NoKeyError("settings of git lead out of the app")
    programs = (found_on_path(name, settings) or name for name in _PROGRAMS)
    return [
        *(_USER_IN_ADDRESS.sub("//", _SECRET_LINE.sub(r"\1", text)) for text in texts),
        *map(identity, programs),
        *_above(app),
    ]


def _files(settings: Mapping[str, str]) -> list[str]:
    """Return where git reads settings from. Source: git-config(1), "FILES"; gitignore(5)."""
    home = settings.get("HOME", "")
    folder = f"{settings.get('XDG_CONFIG_HOME', '') or f'{home}/.config'}/git"
    default = [f"{folder}/config", f"{home}/.gitconfig"]
    own = settings.get("GIT_CONFIG_GLOBAL", "")
    return [
        settings.get("GIT_CONFIG_SYSTEM", "") or "/etc/gitconfig",
        *([own] if own else default),
        f"{folder}/ignore",
        f"{folder}/attributes",
        "/etc/gitattributes",
    ]


def _above(app: str) -> list[str]:
    """Return the repositories around the app. Raises NoKeyError for a workspace around it."""
    found = []
    folder = os.path.dirname(os.path.realpath(app))  # noqa: PTH120 # text
    while True:
        if os.path.lexists(f"{folder}/go.work"):
            raise NoKeyError(f"the app lies in the workspace of {folder}/go.work")
        found += [f"{folder}/{name}" for name in _ABOVE if os.path.lexists(f"{folder}/{name}")]
        above = os.path.dirname(folder)  # noqa: PTH120 # text
        if above == folder:
            return found
        folder = above
