"""What the commands of gobp modules share: settings, progress, and how they say what they did."""

import dataclasses
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gobp.system.process import SystemCommands

if TYPE_CHECKING:  # the packages of an extra, which builds do not need
    import rich.progress

    from gobp.modproxy.commands.outcome import Problem, Progress
    from gobp.modproxy.settings.schema import Settings

_MOST_SHOWN = 50
_UNIT = 1000


@dataclass(frozen=True, slots=True)
class Given:
    """The options that all commands have."""

    config: Path | None
    root: str | None
    as_json: bool

    def settings(self, upstream: str | None = None) -> "Settings":
        """Return the settings by which a server would run here. Raises UserError."""
        settings = self.local_settings(upstream)
        from gobp.modproxy.settings.go_env import completed, go_env  # noqa: PLC0415 # an extra

        return completed(settings, go_env(SystemCommands(), os.environ))

    def local_settings(self, upstream: str | None = None) -> "Settings":
        """Return the settings for what needs no upstream. Raises UserError."""
        from gobp.modproxy.settings.load import load_settings  # noqa: PLC0415 # an extra

        flags = {"root": self.root, "upstream.proxies": upstream}
        given = {path: text for path, text in flags.items() if text is not None}
        return load_settings(self.config, os.environ, given)

    @contextmanager
    def progress(self) -> Iterator["Progress"]:
        """Show how far the command is: bars on a terminal, else a line for each part of it."""
        from gobp.modproxy.commands.outcome import Quiet  # noqa: PLC0415 # an extra

        if self.as_json:
            yield Quiet()
        elif not sys.stderr.isatty():
            yield _Lines()
        else:
            from rich.console import Console  # noqa: PLC0415 # only on terminals
            from rich.progress import Progress as Bars  # noqa: PLC0415 # only on terminals

            with Bars(console=Console(stderr=True), transient=True) as bars:
                yield _Bars(bars)

    def report(
        self, summary: str, facts: Mapping[str, object], problems: "Iterable[Problem]" = ()
    ) -> None:
        """Say what was done; where there are problems, say them and end with status 1."""
        bad = [dataclasses.asdict(problem) for problem in problems]
        if self.as_json:
            click.echo(json.dumps({**facts, "problems": bad}, indent=2))
        else:
            click.echo(summary)
            _show_problems(bad)
        if bad:
            click.get_current_context().exit(1)


def tree_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --config, --root and --json; the command gets them as ``given``."""

    @functools.wraps(command)
    def with_given(
        *, config: Path | None, root: str | None, as_json: bool, **others: object
    ) -> None:
        command(given=Given(config, root, as_json), **others)

    config = click.option(
        "--config",
        "-c",
        type=click.Path(dir_okay=False, path_type=Path),
        help="YAML file of settings, as for gobp serve modules.",
    )
    root = click.option("--root", help="Folder of the modules.  [default: that of the server]")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    return config(root(as_json(with_given)))


def upstream_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add --upstream."""
    return click.option(
        "--upstream",
        help="Where modules come from, written as GOPROXY is.  [default: that of the server]",
    )(command)


class _Lines:
    """A Progress for files and logs."""

    def begin(self, what: str, total: int) -> None:
        click.echo(f"{what}: {total}", err=True)

    def step(self) -> None:
        pass


class _Bars:
    """A Progress for people: ``bars`` is rich's."""

    def __init__(self, bars: "rich.progress.Progress") -> None:
        self._bars = bars
        self._task: rich.progress.TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(what, total=total)

    def step(self) -> None:
        if self._task is not None:
            self._bars.advance(self._task)


def size_text(size: int) -> str:
    """Return a number of bytes for people: 12.3 MB."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < _UNIT:
            break
        value, unit = value / _UNIT, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 file, 2 files."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _show_problems(problems: list[dict[str, str]]) -> None:
    """Print problems to standard error, each remedy once."""
    shown: set[str] = set()
    for problem in problems[:_MOST_SHOWN]:
        reason = problem["reason"].replace("\n", "\n    ")
        click.echo(f"  {problem['about']}: {reason}", err=True)
        if problem["remedy"] and problem["remedy"] not in shown:
            click.echo(f"    To fix it: {problem['remedy']}", err=True)
            shown.add(problem["remedy"])
    if len(problems) > _MOST_SHOWN:
        click.echo(f"  and {len(problems) - _MOST_SHOWN} more: --json has all", err=True)


def names_in(text: str) -> tuple[str, ...]:
    """Return the words of a list with commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
