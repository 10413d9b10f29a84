"""gobp serve: servers for teams."""

import os
from pathlib import Path

import click

_PATHS = {"upstream": "upstream.proxies"}


@click.group()
def serve() -> None:
    """Run a server for a team."""


@serve.command()
@click.option(
    "--config",
    "-c",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file of settings.",
)
@click.option("--listen", help="Address and port, or unix:/path.")
@click.option("--root", help="Folder of the module trees.")
@click.option("--upstream", help="As GOPROXY: where modules come from.")
@click.option("--workers", type=click.IntRange(0, 256), help="Worker processes; 0: by the cores.")
def modules(config: Path | None, **flags: object) -> None:
    """Serve Go modules to the go command, as GOPROXY."""
    from gobp.modproxy.server.serve import serve as start  # noqa: PLC0415 # an optional extra
    from gobp.modproxy.settings.load import load_settings  # noqa: PLC0415 # an optional extra

    given = {_PATHS.get(name, name): value for name, value in flags.items() if value is not None}
    start(load_settings(config, os.environ, given))
