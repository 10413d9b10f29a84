"""Patterns of a .gitignore file, which project.toml uses to include and exclude files.

Source: https://git-scm.com/docs/gitignore, "PATTERN FORMAT". As in pack, a later pattern with
``!`` also brings back a file below a folder that an earlier one matched.
"""

import re
from collections.abc import Iterable


def matches(patterns: Iterable[str], path: str) -> bool:
    """Say whether the last pattern that fits matches ``path``, a file's, relative, with slashes.

    A pattern that fits a folder fits all below it.
    """
    matched = False
    for pattern in patterns:
        regex, negated = _compile(pattern)
        if regex is not None and regex.fullmatch(path):
            matched = not negated
    return matched


def _compile(pattern: str) -> tuple[re.Pattern[str] | None, bool]:
    """Return the regular expression of a line, None for blank lines and comments."""
    line = re.sub(r"(?<!\\) +$", "", pattern)
    negated = line.startswith("!")
    line = line.removeprefix("!")
    if not line.strip("/") or pattern.startswith("#"):
        return None, negated
    below = "/.+" if line.endswith("/") else "(?:/.+)?"
    line = line.rstrip("/")
    anywhere = "" if "/" in line else "(?:.+/)?"
    return re.compile(anywhere + _translate(line.removeprefix("/")) + below, re.DOTALL), negated


_TOKEN = re.compile(
    r"(?P<any_folders>(?:^|(?<=/))\*{2,}/)|(?P<all>(?<=/)\*{2,}$)|(?P<star>\*+)|(?P<one>\?)"
    r"|\[(?P<not>[!^]?)(?P<set>\]?[^]/]*)\]|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)


def _translate(glob: str) -> str:
    return "".join(_regex_of(token) for token in _TOKEN.finditer(glob))


def _regex_of(token: re.Match[str]) -> str:
    if token["any_folders"]:
        return "(?:.+/)?"
    if token["all"]:
        return ".+"
    if token["star"]:
        return "[^/]*"
    if token["one"]:
        return "[^/]"
    if token["set"] is not None:
        members = re.sub(r"([\\\[\]&~|^])", r"\\\1", token["set"])
        return f"(?!/)[{'^' if token['not'] else ''}{members}]"
    return re.escape(token["escaped"] or token["plain"])
