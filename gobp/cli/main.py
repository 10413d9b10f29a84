"""The command gobp: its subcommands, and the one place that turns errors into words."""

import os
import sys

import click

from gobp.cli.lazy import LazyGroup
from gobp.errors import UserError
from gobp.platform.failure import PhaseFailed

_FAILED = 1
_LEAVES_AT_ONCE = "build"  # the command that people wait for; it has nothing left to close


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="gobp", message="%(prog)s %(version)s")
def cli() -> None:
    """Build Go apps into OCI images without Docker; serve Go modules and programs."""


cli.places = {
    "build": "gobp.cli.build:build",
    "builds": "gobp.cli.builds:builds",
    "doctor": "gobp.cli.doctor:doctor",
    "explain": "gobp.cli.explain:explain",
    "get": "gobp.cli.get:get",
    "inspect": "gobp.cli.inspect:inspect",
    "modernize": "gobp.cli.modernize:modernize",
    "modules": "gobp.cli.modules:modules",
    "run": "gobp.cli.run:run",
    "serve": "gobp.cli.serve:serve",
    "verify": "gobp.cli.verify:verify",
    "worker": "gobp.cli.serve_builds:worker",
}


def main() -> None:
    """Run the command line; a failure of the user's is a message and a status, not a traceback."""
    try:
        try:
            cli()
        except ModuleNotFoundError as error:
            raise _explained(error) from error
    except UserError as error:
        click.echo(f"\nERROR: {error}", err=True)
        sys.exit(error.exit_status if isinstance(error, PhaseFailed) else _FAILED)
    except SystemExit as ended:
        if sys.argv[1:2] == [_LEAVES_AT_ONCE] and isinstance(ended.code, int):
            _leave(ended.code)
        raise


def _leave(status: int) -> None:
    """End the process without taking its memory apart: a tenth of a build without a change.

    Returns where its output cannot be written, which Python then tells.
    """
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None where they were closed
            stream.flush()
    except OSError:
        return
    os._exit(status)


def _explained(error: ModuleNotFoundError) -> Exception:
    """Return what to say of a package that only servers need; a missing module of gobp is a bug."""
    name = error.name or ""
    if name.partition(".")[0] in {"", "gobp"}:
        return error
    return UserError(
        f"the package {name} is not installed",
        remedy="install gobp with its services: pip install 'gobp[services]'.",
    )
