"""The command gobp: its subcommands, and the one place that turns errors into words."""

import sys

import click

from gobp.cli.build import build
from gobp.cli.builds import builds
from gobp.cli.doctor import doctor
from gobp.cli.explain import explain
from gobp.cli.get import get
from gobp.cli.inspect import inspect
from gobp.cli.modernize import modernize
from gobp.cli.modules import modules
from gobp.cli.run import run
from gobp.cli.serve import serve
from gobp.cli.serve_builds import worker
from gobp.cli.verify import verify
from gobp.errors import UserError
from gobp.platform.failure import PhaseFailed

_FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gobp", message="%(prog)s %(version)s")
def cli() -> None:
    """Build Go apps into OCI images without Docker; serve Go modules and programs."""


for command in (
    *(build, run, inspect, explain, modernize),
    *(serve, modules, builds, worker, doctor, get, verify),
):
    cli.add_command(command)


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


def _explained(error: ModuleNotFoundError) -> Exception:
    """Return what to say of a package that only servers need; a missing module of gobp is a bug."""
    name = error.name or ""
    if name.partition(".")[0] in {"", "gobp"}:
        return error
    return UserError(
        f"the package {name} is not installed",
        remedy="install gobp with its services: pip install 'gobp[services]'.",
    )
