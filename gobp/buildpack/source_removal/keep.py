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

_Glob = tuple[re.Pattern[str] | None, ...]  # a pattern for each name of a path, None for **


@dataclass(frozen=True, slots=True)
class KeepFiles:
    """The globs of BP_KEEP_FILES, read."""

    patterns: tuple[_Glob, ...]

    def matches(self, path: str) -> bool:
        """Tell whether a path relative to the app is kept with all it holds."""
        names = path.split("/")
        return any(_matches(pattern, names) for pattern in self.patterns)


def _matches(pattern: _Glob, names: list[str]) -> bool:
    """Match name by name; ``**`` stands for any number of names, at the end for one at least.

    ``reached`` are the numbers of names that the parts so far can stand for, so that the time is
    bounded by the product of both lengths whatever the pattern is.
    """
    reached = {0}
    for number, part in enumerate(pattern, start=1):
        if part is None:
            fewest = min(reached) + (number == len(pattern))
            reached = set(range(fewest, len(names) + 1))
        else:
            reached = {n + 1 for n in reached if n < len(names) and part.fullmatch(names[n])}
        if not reached:
            return False
    return len(names) in reached


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


def _pattern(glob: str) -> _Glob:
    normal = posixpath.normpath(glob).lstrip("/")
    parts = ("**" if normal in {"", "."} else normal).split("/")  # the app itself holds all
    if ".." in parts:
        raise _unreadable(glob, "it leads out of the app")
    return tuple(
        None if part == "**" else re.compile(_segment(part, glob), re.DOTALL) for part in parts
    )


def _segment(glob: str, whole: str) -> str:
    """Return the expression for one name.

    What a ``*`` before the last one stands for is found once and not tried anew (an atomic group),
    so that no pattern takes more than the product of its length and the name's.
    """
    chunks = [""]
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            chunks.append("")
        elif character == "?":
            chunks[-1] += "."
        elif character == "[":
            text, position = _character_class(glob, position, whole)
            chunks[-1] += text
        elif character == "\\":
            if position == len(glob):
                raise _unreadable(whole, "it ends in a backslash")
            chunks[-1] += re.escape(glob[position])
            position += 1
        else:
            chunks[-1] += re.escape(character)
    first, *middle = chunks
    if not middle:
        return first
    return first + "".join(f"(?>.*?{chunk})" for chunk in middle[:-1]) + f".*{middle[-1]}"


def _character_class(glob: str, start: int, whole: str) -> tuple[str, int]:
    end = glob.find("]", start + 1)
    if end < 0:
        raise _unreadable(whole, "a '[' is never closed")
    inner = glob[start:end]
    negated = inner.startswith("^")
    body = re.sub(r"([\\\[&|~])", r"\\\1", inner.removeprefix("^"))
    text = f"[{'^' if negated else ''}{body}]"
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
