"""The head of a Go source file: its package clause and whether its build constraints hold.

Sources: https://go.dev/ref/spec#Source_file_organization and ``go help buildconstraint``.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_KNOWN_OS = frozenset(
    [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "nacl",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "zos",
    ]
)
_KNOWN_ARCH = frozenset(
    [
        "386",
        "amd64",
        "amd64p32",
        "arm",
        "armbe",
        "arm64",
        "arm64be",
        "loong64",
        "mips",
        "mipsle",
        "mips64",
        "mips64le",
        "mips64p32",
        "mips64p32le",
        "ppc",
        "ppc64",
        "ppc64le",
        "riscv",
        "riscv64",
        "s390",
        "s390x",
        "sparc",
        "sparc64",
        "wasm",
    ]
)
_SPACE_OR_COMMENT = re.compile(r"(?:\s+|//(?P<line>[^\n]*)|/\*.*?\*/)", re.DOTALL)
_PACKAGE = re.compile(r"package\s+(\w+)")
_CONSTRAINT = re.compile(r"go:build[ \t](.*)", re.DOTALL)
_OLD_CONSTRAINT = re.compile(r"\s*\+build(?:\s+(.*))?", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t\r]*(?=\n)")
_TOKEN = re.compile(r"\s*(&&|\|\||[!()]|[\w.]+|\S)")
_TAG = re.compile(r"[\w.]+")
_GO_TAG = re.compile(r"go1\.\d+")


@dataclass(frozen=True, slots=True)
class BuildTarget:
    """What a file is built for: architecture and the tags of ``-tags``; always for Linux."""

    architecture: str
    tags: AbstractSet[str] = frozenset()

    def holds(self, tag: str) -> bool:
        """Tell whether a constraint's tag holds. Every Go version tag does: Go is chosen to fit."""
        if tag in self.tags or tag in {"linux", "unix", "gc", self.architecture}:
            return True
        return _GO_TAG.fullmatch(tag) is not None


def package_name(text: str, target: BuildTarget) -> str | None:
    """Return the package a file belongs to; None where it is excluded or is no Go source."""
    position = 0
    comments: list[tuple[int, str]] = []
    while match := _SPACE_OR_COMMENT.match(text, position):
        if match["line"] is not None:
            comments.append((match.end(), match["line"]))
        position = match.end()
    clause = _PACKAGE.match(text, position)
    if clause is None or not _is_built(comments, text[:position], target):
        return None
    return clause[1]


def _is_built(comments: list[tuple[int, str]], head: str, target: BuildTarget) -> bool:
    """Evaluate ``//go:build``, or where there is none, ``// +build`` lines with a blank line after.

    ``comments`` are the line comments of ``head``, each with the position where it ends.
    """
    constraints = [match[1] for _, line in comments if (match := _CONSTRAINT.fullmatch(line))]
    if constraints:
        return all(_constraint_holds(constraint, target) for constraint in constraints)
    last_blank = max((match.start() for match in _BLANK_LINE.finditer(head)), default=-1)
    return all(
        _old_constraint_holds(match[1] or "", target)
        for end, line in comments
        if end <= last_blank and (match := _OLD_CONSTRAINT.fullmatch(line))
    )


def _old_constraint_holds(words: str, target: BuildTarget) -> bool:
    """Evaluate the words of ``// +build``: any of them, each one terms that all hold."""
    return any(
        all(
            target.holds(term.removeprefix("!")) != term.startswith("!") for term in word.split(",")
        )
        for word in words.split()
    )


def name_matches(name: str, target: BuildTarget) -> bool:
    """Tell whether a file's name is that of a source for the target, tests left out."""
    if not name.endswith(".go") or name.endswith("_test.go") or name.startswith(("_", ".")):
        return False
    words = name.removesuffix(".go").split("_")[1:]
    if len(words) > 1 and words[-2] in _KNOWN_OS and words[-1] in _KNOWN_ARCH:
        return target.holds(words[-2]) and target.holds(words[-1])
    if words and words[-1] in _KNOWN_OS | _KNOWN_ARCH:
        return target.holds(words[-1])
    return True


def _constraint_holds(expression: str, target: BuildTarget) -> bool:
    """Evaluate ``//go:build``; go itself reports one that is malformed, so that one excludes."""
    tokens = _TOKEN.findall(expression)
    try:
        value, rest = _either(tokens, target)
    except (IndexError, ValueError):
        return False
    return value and not rest


def _either(tokens: list[str], target: BuildTarget) -> tuple[bool, list[str]]:
    value, rest = _both(tokens, target)
    while rest and rest[0] == "||":
        other, rest = _both(rest[1:], target)
        value = value or other
    return value, rest


def _both(tokens: list[str], target: BuildTarget) -> tuple[bool, list[str]]:
    value, rest = _single(tokens, target)
    while rest and rest[0] == "&&":
        other, rest = _single(rest[1:], target)
        value = value and other
    return value, rest


def _single(tokens: list[str], target: BuildTarget) -> tuple[bool, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        if rest[0] == "!":
            raise ValueError("go does not take a negation of a negation")
        value, rest = _single(rest, target)
        return not value, rest
    if first == "(":
        value, rest = _either(rest, target)
        if rest[0] != ")":
            raise ValueError("a parenthesis is not closed")
        return value, rest[1:]
    if _TAG.fullmatch(first) is None:
        raise ValueError(f"{first} is no tag")
    return target.holds(first), rest
