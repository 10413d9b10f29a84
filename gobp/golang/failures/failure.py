"""One kind of failure of a command: how its output shows it, and what a user then reads."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gobp.errors import UserError

_CREDENTIALS = re.compile(r"(?<=:)//[^/?#\s]+@")
_LINE_LIMIT = 600  # characters of a line that are looked at: patterns cost time by its square

MODULE = r"(?<!\S)(?P<module>[^\s@:\"]+@v[^\s:]+)"
PACKAGE = r"(?P<package>[^\s:;\"]+)"
CREDENTIALS_BINDINGS = (
    "a binding of type git-credentials, netrc, ssh, goauth or goproxy gives the build credentials"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A kind of failure: its code for programs, and a pattern of a command's output.

    Summary and remedy may name the pattern's groups and the words of the caller. ``env`` are
    variables that must have these values for the failure to be the one that is meant.
    """

    code: str
    pattern: re.Pattern[str]
    summary: str
    remedy: str
    env: tuple[tuple[str, str], ...] = ()


def failure(
    code: str, pattern: str, summary: str, remedy: str, *, env: tuple[tuple[str, str], ...] = ()
) -> Failure:
    """Return the failure that a regular expression finds; ``^`` and ``$`` are ends of lines."""
    return Failure(code, re.compile(pattern, re.MULTILINE), summary, remedy, env)


@dataclass(frozen=True, slots=True)
class Output:
    """What a command that failed said, and what an answer may name beside it.

    ``command`` is what ran (``go build``), ``words`` are for summaries and remedies.
    """

    command: str
    text: str
    words: Mapping[str, str]
    env: Mapping[str, str]


def output_of(
    command: str,
    lines: Iterable[str],
    *,
    words: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> Output:
    """Return a command's output without the passwords of addresses."""
    cut = (line.rstrip()[:_LINE_LIMIT] for line in lines)
    text = "\n".join(without_password(line) for line in cut)
    return Output(command, text, words or {}, env or {})


def without_password(text: str) -> str:
    """Return a text without what stands before the host of an address in it."""
    return _CREDENTIALS.sub("//", text)


def recognised(failures: Iterable[Failure], output: Output) -> UserError | None:
    """Return the error for the first of ``failures`` that the output shows, None without one."""
    for each in failures:
        if match := _found(each, output):
            return _answer(each, match, output)
    return None


def earliest(failures: Sequence[Failure], output: Output) -> UserError | None:
    """Return the error for the failure that the output shows first, None without one.

    Of several that begin in the same line, the first of ``failures`` is meant: it says more.
    """
    found = [(match, each) for each in failures if (match := _found(each, output))]
    if not found:
        return None
    match, each = min(found, key=lambda pair: _line_start(output.text, pair[0].start()))
    return _answer(each, match, output)


def _found(each: Failure, output: Output) -> re.Match[str] | None:
    if any(output.env.get(name, "") != value for name, value in each.env):
        return None
    return each.pattern.search(output.text)


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _answer(each: Failure, match: re.Match[str], output: Output) -> UserError:
    start = _line_start(output.text, match.start())
    _, _, rest = output.text[match.end() :].partition("\n")
    end = len(output.text) - len(rest)
    lines = [line.strip() for line in output.text[start:end].splitlines()]
    words = {**output.words, **{name: text or "" for name, text in match.groupdict().items()}}
    return UserError(
        each.summary.format_map(words),
        detail="\n".join([f"{output.command}: {lines[0]}", *(f"  {line}" for line in lines[1:])]),
        remedy=each.remedy.format_map(words),
        code=each.code,
    )
