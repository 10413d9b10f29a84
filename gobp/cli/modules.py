"""gobp modules: the module trees of a proxy, with or without a server that is running."""

import click

from gobp.cli.lazy import LazyGroup


@click.group(cls=LazyGroup)
def modules() -> None:
    """Fill, move and care for the modules of a proxy.

    All of it may be done while `gobp serve modules` runs on the same folder, and without it: a
    web server on <root>/public, or GOPROXY=file://<root>/public, serve the same modules.
    """


modules.places = {
    "add": "gobp.cli.modules_fill:add",
    "adopt": "gobp.cli.modules_fill:adopt",
    "check": "gobp.cli.modules_care:check",
    "export": "gobp.cli.modules_move:export",
    "gc": "gobp.cli.modules_care:gc",
    "import": "gobp.cli.modules_move:import_modules",
    "password": "gobp.cli.modules_secrets:password",
    "publish": "gobp.cli.modules_publish:publish",
    "reindex": "gobp.cli.modules_care:reindex",
    "show": "gobp.cli.modules_care:show",
    "sync": "gobp.cli.modules_fill:sync",
    "token": "gobp.cli.modules_secrets:token",
    "verify": "gobp.cli.modules_care:verify",
}
