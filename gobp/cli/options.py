"""Arguments and options that several commands share."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click

from gobp.errors import UserError

_Command = TypeVar("_Command", bound=Callable[..., object])
_LINE_LIMIT = 1_000_000  # characters of an env file

app_argument = click.argument(
    "app", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="APP"
)


def env_options(command: _Command) -> _Command:
    """Add --env and --env-file."""
    file = click.option(
        "--env-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File of NAME=VALUE lines; # starts a comment.",
    )
    single = click.option(
        "--env",
        "-e",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Variable for the build; without =VALUE it is taken from this shell. Repeatable.",
    )
    return single(file(command))


def read_env(given: tuple[str, ...], file: Path | None) -> dict[str, str]:
    """Return the variables of a file and of options; options win. Raises UserError."""
    env: dict[str, str] = {}
    if file is not None:
        text = file.read_text(encoding="utf-8")[:_LINE_LIMIT]
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                env |= _pair(line, f"{file}:{number}")
    for pair in given:
        env |= _pair(pair, "--env")
    return env


def _pair(text: str, source: str) -> dict[str, str]:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not name.replace("_", "a").isalnum() or name[:1].isdigit():
        raise UserError(
            f"{source}: {name!r} cannot be the name of a variable",
            remedy="write NAME=VALUE; a name holds letters, digits and '_'.",
        )
    if equals:
        return {name: value}
    return {name: os.environ[name]} if name in os.environ else {}


def cache_option(command: _Command) -> _Command:
    """Add --cache-dir."""
    return click.option(
        "--cache-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_cache,
        help="Where builds keep what they reuse.  [default: $XDG_CACHE_HOME/gobp]",
    )(command)


def default_cache() -> Path:
    """Return the folder for caches, by the XDG base directory specification."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gobp"


def on_path(environ: Mapping[str, str]) -> str:
    """Return PATH with this interpreter first: gobp's own buildpack may need it."""
    here = str(Path(sys.executable).parent)
    given = environ.get("PATH", "")
    return given if given.split(":")[0] == here else f"{here}:{given}"
