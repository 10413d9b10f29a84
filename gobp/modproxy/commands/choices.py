"""Which files of the trees are exported."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.commands.app_needs import needs_of
from gobp.modproxy.commands.outcome import Problem
from gobp.modproxy.commands.stored import Stored
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.tree.trees import Trees
from gobp.serving.settings.values import Duration

Choice = Callable[[Stored], bool]


def choice_of(
    patterns: str, apps: Sequence[Path], platforms: Sequence[str], since: str, now: float
) -> Choice:
    """Return the choice of what all of these take; "" and () mean everything.

    ``patterns`` are as in GOPRIVATE, ``platforms`` those of toolchains for ``apps``, ``since`` is
    as parse_since reads it. Raises UserError.
    """
    choices: list[Choice] = []
    if patterns:
        choices.append(matching(patterns))
    if apps:
        choices.append(needed_by(apps, platforms))
    if since:
        choices.append(came_since(parse_since(since, now)))
    return lambda stored: all(choice(stored) for choice in choices)


def matching(patterns: str) -> Choice:
    """Return the choice of modules by patterns as in GOPRIVATE. Raises UserError."""
    wanted = ModulePatterns.parse(patterns, source="--modules")
    return lambda stored: wanted.match(stored.file.module)


def needed_by(apps: Iterable[Path], platforms: Sequence[str]) -> Choice:
    """Return the choice of what the go.sum files of apps have. Raises UserError."""
    files: set[ModuleFile] = set()
    for app in apps:
        files.update(needs_of(app, platforms).files)
    return lambda stored: stored.file in files


def missing_of(trees: Trees, apps: Iterable[Path], platforms: Sequence[str]) -> tuple[Problem, ...]:
    """Return a problem for each file that apps need and no tree has. Raises UserError."""
    needed = {file for app in apps for file in needs_of(app, platforms).files}
    everywhere = (trees.public, trees.private, trees.published)
    missing = [file for file in needed if not any(tree.find(file) for tree in everywhere)]
    return tuple(
        Problem(str(file), "it is not there", "run `gobp modules sync` for the app first.")
        for file in sorted(missing, key=str)
    )


def came_since(moment: float) -> Choice:
    """Return the choice of what came into its tree since a time (seconds of the epoch).

    A file's time of change is when it was linked there, also for one that is older elsewhere.
    """
    return lambda stored: stored.path.stat().st_ctime >= moment


def parse_since(text: str, now: float) -> float:
    """Return a time (seconds of the epoch) written 2026-01-31, RFC 3339, or as an age: 7d.

    Raises UserError.
    """
    try:
        return now - Duration.parse(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"{text!r} is no time", remedy="write 2026-01-31, 2026-01-31T12:00:00Z, or an age: 7d."
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
