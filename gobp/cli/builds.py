"""gobp builds: care of a build service, beside gobp serve builds."""

import click

from gobp.cli.builds_care import backup, gc, restore
from gobp.cli.modules_secrets import token


@click.group()
def builds() -> None:
    """Care for what a build service keeps, and make tokens for it.

    All of it but restore may be done while `gobp serve builds` runs with the same settings.
    """


for _command in (gc, backup, restore, token):
    builds.add_command(_command)
