"""gobp doctor: whether the build service's sandbox holds on this machine."""

import os
import sys
import tempfile
from pathlib import Path

import click

_FAILED = 1


@click.command()
@click.option(
    "--config", "-c", type=click.Path(dir_okay=False, path_type=Path), help="YAML file of settings."
)
@click.option("--root", help="Folder of the build service.  [default: $XDG_DATA_HOME/gobp/builds]")
def doctor(config: Path | None, root: str | None) -> None:
    """Say what keeps the code of repositories in, and whether it does.

    Commands that try to get more memory, processes, disk, time, network, files or rights than they
    may are run in the sandbox that gobp serve builds would use. The exit status is 1 where one of
    them got it.

    \b
    Examples:
      gobp doctor
      gobp doctor --config /etc/gobp/builds.yaml
    """  # noqa: D301 # click reads the character
    from gobp.buildservice.sandbox.doctor import examine  # noqa: PLC0415 # an extra
    from gobp.buildservice.sandbox.opening import open_sandbox  # noqa: PLC0415 # an extra
    from gobp.buildservice.settings.load import load_settings  # noqa: PLC0415 # an extra

    settings = load_settings(config, os.environ, {"root": root} if root else {})
    Path(settings.root).mkdir(parents=True, exist_ok=True)
    sandbox = open_sandbox(settings, os.environ, Path(settings.root))
    click.echo(f"Sandbox: {sandbox.level}")
    holds = True
    with tempfile.TemporaryDirectory(dir=settings.root, prefix="doctor-") as folder:
        for finding in examine(sandbox, Path(folder)):
            holds = holds and finding.holds
            click.echo(
                f"  ok   {finding.name:<25} {finding.by}"
                if finding.holds
                else f"  NO   {finding.name}"
            )
    if not holds:
        click.echo("What says NO does not hold: commands can get it.", err=True)
        sys.exit(_FAILED)
