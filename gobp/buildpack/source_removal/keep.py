"""What stays of the app beside its programs: BP_KEEP_FILES.

Globs are separated by ``:``; ``*`` and ``?`` stay within a name, ``**`` crosses folders, and a
folder that matches is kept with all it holds.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gobp.buildpack.component import AppTree
from gobp.errors import UserError


@dataclass(frozen=True, slots=True)
class KeepFiles:
    """The globs of BP_KEEP_FILES, read."""

    patterns: tuple[re.Pattern[str], ...]

    def matches(self, path: str) -> bool:
        """Tell whether a path relative to the app is kept with all it holds."""
        return any(pattern.fullmatch(path) for pattern in self.patterns)


def read_keep_files(env: Mapping[str, str]) -> KeepFiles:
    """Read BP_KEEP_FILES. Raises UserError on a glob that cannot be read."""
    globs = [glob.strip() for glob in env.get("BP_KEEP_FILES", "").split(":")]
    return KeepFiles(tuple(_pattern(glob) for glob in globs if glob))


def removals(app: AppTree, keep: KeepFiles, folder: str = "") -> Iterator[str]:
    """Yield what is to be removed, relative to the app: each path with all that it holds."""
    folders, files = app.entries(folder)
    for name in files:
        path = posixpath.join(folder, name)
        if not keep.matches(path):
            yield path
    for name in folders:
        path = posixpath.join(folder, name)
        if keep.matches(path):
            continue
        if _keeps_something(app, keep, path):
            yield from removals(app, keep, path)
        else:
            yield path


def _keeps_something(app: AppTree, keep: KeepFiles, folder: str) -> bool:
    if not keep.patterns:
        return False
    folders, files = app.entries(folder)
    paths = [posixpath.join(folder, name) for name in (*files, *folders)]
    if any(keep.matches(path) for path in paths):
        return True
    return any(_keeps_something(app, keep, posixpath.join(folder, name)) for name in folders)


def _pattern(glob: str) -> re.Pattern[str]:
    normal = posixpath.normpath(glob).lstrip("/")
    parts = ("**" if normal in {"", "."} else normal).split("/")  # the app itself holds all
    if ".." in parts:
        raise _unreadable(glob, "it leads out of the app")
    body = "/".join(_DEEP if part == "**" else _segment(part, glob) for part in parts)
    body = body.replace(f"{_DEEP}/", "(?:[^/]+/)*").replace(_DEEP, ".+")
    return re.compile(body, re.DOTALL)


_DEEP = "\0"  # stands for ** while a pattern is put together


def _segment(glob: str, whole: str) -> str:
    out = []
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            out.append("[^/]*")
        elif character == "?":
            out.append("[^/]")
        elif character == "[":
            text, position = _character_class(glob, position, whole)
            out.append(text)
        elif character == "\\":
            if position == len(glob):
                raise _unreadable(whole, "it ends in a backslash")
            out.append(re.escape(glob[position]))
            position += 1
        else:
            out.append(re.escape(character))
    return "".join(out)


def _character_class(glob: str, start: int, whole: str) -> tuple[str, int]:
    end = glob.find("]", start + 1)
    if end < 0:
        raise _unreadable(whole, "a '[' is never closed")
    inner = glob[start:end]
    negated = inner.startswith("^")
    body = re.sub(r"([\\\[&|~])", r"\\\1", inner.removeprefix("^"))
    text = f"(?!/)[{'^' if negated else ''}{body}]"
    try:
        re.compile(text)
    except re.error as error:
        raise _unreadable(whole, f"[{inner}] is not a set of characters") from error
    return text, end + 1


def _unreadable(glob: str, reason: str) -> UserError:
    return UserError(
        f"BP_KEEP_FILES holds {glob!r}, which cannot be read: {reason}",
        remedy="write globs relative to the app, separated by ':', such as assets:static/*.html.",
    )
