"""gobp builds: care of a build service, beside gobp serve builds."""

import click

from gobp.cli.lazy import LazyGroup


@click.group(cls=LazyGroup)
def builds() -> None:
    """Care for what a build service keeps, and make tokens for it.

    All of it but restore may be done while `gobp serve builds` runs with the same settings.
    """


builds.places = {
    "backup": "gobp.cli.builds_care:backup",
    "gc": "gobp.cli.builds_care:gc",
    "restore": "gobp.cli.builds_care:restore",
    "token": "gobp.cli.modules_secrets:token",
}
