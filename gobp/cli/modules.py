"""gobp modules: the module trees of a proxy, with or without a server that is running."""

import click

from gobp.cli.modules_care import check, gc, reindex, show, verify
from gobp.cli.modules_fill import add, adopt, sync
from gobp.cli.modules_move import export, import_modules
from gobp.cli.modules_publish import publish
from gobp.cli.modules_secrets import password, token


@click.group()
def modules() -> None:
    """Fill, move and care for the modules of a proxy.

    All of it may be done while `gobp serve modules` runs on the same folder, and without it: a
    web server on <root>/public, or GOPROXY=file://<root>/public, serve the same modules.
    """


for _command in (
    *(adopt, add, sync, export, import_modules, publish),
    *(show, check, verify, gc, reindex),
    *(password, token),
):
    modules.add_command(_command)
