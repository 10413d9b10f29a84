"""The app directory, cut into slices that become layers of their own (cnb.md 2.7)."""

import posixpath
import re
from collections.abc import Collection, Sequence

from gobp.errors import UserError

ROOT = ""  # the app directory itself, among paths relative to it


def slice_paths(paths: Collection[str], slices: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the paths of each slice, and of one last slice with what is left, each sorted.

    ``paths`` are all files and folders relative to the app directory, which itself is ``""``;
    a slice is its patterns.
    A path goes to the first slice that matches it or a folder above it; the folders above are
    repeated in each slice. A folder whose content is all in earlier slices is not repeated in the
    last one (Buildpack specification, launch.toml: slices). Raises UserError on a bad pattern.
    """
    cut = _Cut(paths)
    layers = [cut.take(patterns) for patterns in slices]
    return [*layers, cut.rest()]


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern in the language of Go's ``filepath.Match``.

    ``*`` and ``?`` stop at ``/``, ``[^a-z]`` is a class, a backslash takes the next character as
    it is; there is no ``**``. Raises UserError where Go would report a bad pattern.
    """
    cleaned = posixpath.normpath(pattern)
    parts: list[str] = []
    at = 0
    while at < len(cleaned):
        part, at = _next_part(cleaned, at)
        parts.append(part)
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error as error:
        raise _bad_pattern(pattern) from error


def _next_part(pattern: str, at: int) -> tuple[str, int]:
    match pattern[at]:
        case "*":
            return "[^/]*", at + 1
        case "?":
            return "[^/]", at + 1
        case "[":
            end = _class_end(pattern, at)
            body = pattern[at + 1 : end].replace("[", r"\[").replace("&&", r"&\&")
            return f"(?!/)[{body}]", end + 1
        case "\\":
            if at + 1 == len(pattern):
                raise _bad_pattern(pattern)
            return re.escape(pattern[at + 1]), at + 2
        case plain:
            return re.escape(plain), at + 1


def _class_end(pattern: str, start: int) -> int:
    at = start + 1
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "]" and pattern[start + 1 : at] not in {"", "^"}:
            return at
        at += 1
    raise _bad_pattern(pattern)


def _bad_pattern(pattern: str) -> UserError:
    return UserError(
        f"a slice in launch.toml has a pattern that cannot be read: {pattern!r}",
        remedy="use *, ?, [a-z] and \\ as Go's filepath.Match does; ** is not known.",
    )


class _Cut:
    """Which paths are in a slice already."""

    def __init__(self, paths: Collection[str]) -> None:
        self._taken = dict.fromkeys(sorted(paths), False)
        self._children: dict[str, list[str]] = {}
        for path in self._taken:
            if path != ROOT:
                self._children.setdefault(_parent(path), []).append(path)

    def take(self, patterns: Sequence[str]) -> list[str]:
        """Return what one slice gets: what matches and is free, with the folders above it."""
        taken: set[str] = set()
        for pattern in patterns:
            expression = compile_pattern(pattern)
            for path in self._taken:
                if path != ROOT and expression.fullmatch(path):
                    self._take_tree(path, taken)
        parents = {above for path in taken for above in _parents(path)} - taken
        for parent in sorted(parents, key=lambda path: (-path.count("/"), path == ROOT)):
            self._taken[parent] = all(self._taken[child] for child in self._children[parent])
        return _in_layer_order(taken | parents)

    def rest(self) -> list[str]:
        """Return everything that no slice took."""
        return _in_layer_order({path for path, taken in self._taken.items() if not taken})

    def _take_tree(self, path: str, taken: set[str]) -> None:
        if self._taken[path]:
            return
        for child in self._children.get(path, []):
            self._take_tree(child, taken)
        self._taken[path] = True
        taken.add(path)


def _in_layer_order(paths: set[str]) -> list[str]:
    """Sort as the lifecycle does: by the bytes of the whole path, not folder by folder."""
    return sorted(paths, key=lambda path: path.encode("utf-8", "surrogateescape"))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _parents(path: str) -> list[str]:
    above = []
    while path != ROOT:
        path = _parent(path)
        above.append(path)
    return above
