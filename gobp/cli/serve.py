"""gobp serve: servers for teams."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gobp.cli.serve_builds import builds
from gobp.system.process import SystemCommands

if TYPE_CHECKING:  # the packages of an extra, which builds do not need
    from gobp.modproxy.settings.schema import Settings

_PATHS = {
    "upstream": "upstream.proxies",
    "log_format": "log.format",
    "log_requests": "log.requests",
}


@click.group()
def serve() -> None:
    """Run a server for a team."""


@serve.command()
@click.option(
    "--config", "-c", type=click.Path(dir_okay=False, path_type=Path), help="YAML file of settings."
)
@click.option("--listen", help="ADDRESS:PORT, or unix:/path.  [default: 127.0.0.1:8130]")
@click.option("--root", help="Folder of the modules.  [default: $XDG_DATA_HOME/gobp/modules]")
@click.option(
    "--upstream",
    help="Where modules come from, as in GOPROXY.  [default: the proxies of go env GOPROXY]",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="Processes.  [default: one a core, at most 4]",
)
@click.option("--base-path", help="The path below which all is served, as /team/go.")
@click.option("--public-url", help="How clients reach the server, where that is another URL.")
@click.option(
    "--mode",
    type=click.Choice(["sync", "async", "redirect", "cached-only", "none"]),
    help="What is done when a file is not there yet.  [default: sync]",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), help="[default: text]")
@click.option("--log-requests", help="File of the request log, - or off.  [default: -]")
@click.option(
    "--check", is_flag=True, help="Only say whether the settings are right, and show them."
)
@click.option("--print-schema", is_flag=True, help="Only print the JSON schema of the file.")
def modules(config: Path | None, *, check: bool, print_schema: bool, **flags: object) -> None:
    """Serve Go modules to the go command, as GOPROXY.

    What was asked for once is kept, and served from then on, whatever becomes of where it came
    from. All settings have a default; those without a flag are set by --config or by a variable
    GOBP_MODULES_...: docs/modproxy-settings.md lists them. SIGHUP has the settings read anew.

    \b
    Examples:
      gobp serve modules
      gobp serve modules --listen 0.0.0.0:8130 --root /srv/modules --workers 2
      gobp serve modules --config /etc/gobp/modules.yaml --check
      GOBP_MODULES_ACCESS_ANONYMOUS=none.example gobp serve modules -c modules.yaml
    """  # noqa: D301 # click reads the character
    load = _loader(config, {_PATHS.get(name, name): value for name, value in flags.items()})
    if print_schema:
        _print_schema()
    elif check:
        _show(load())
    else:
        _serve(load)


def _loader(config: Path | None, flags: dict[str, object]) -> "Callable[[], Settings]":
    """Return what reads the settings, at the start and again after a SIGHUP."""
    from gobp.modproxy.settings.go_env import completed, go_env  # noqa: PLC0415 # an extra
    from gobp.modproxy.settings.load import load_settings  # noqa: PLC0415 # an extra
    from gobp.modproxy.worker import check_parts  # noqa: PLC0415 # an extra

    given = {path: value for path, value in flags.items() if value is not None}

    def load() -> "Settings":
        settings = load_settings(config, os.environ, given)
        settings = completed(settings, go_env(SystemCommands(), os.environ))
        check_parts(settings)
        return settings

    return load


def _print_schema() -> None:
    from gobp.modproxy.settings.schema import Settings  # noqa: PLC0415 # an extra
    from gobp.serving.settings.json_schema import json_schema  # noqa: PLC0415 # an extra

    click.echo(json.dumps(json_schema(Settings, "Settings of gobp serve modules"), indent=2))


def _show(settings: "Settings") -> None:
    from gobp.serving.settings.shown import settings_text  # noqa: PLC0415 # an extra

    click.echo(settings_text(settings), nl=False)


def _serve(load: "Callable[[], Settings]") -> None:
    from gobp.modproxy.running import announced  # noqa: PLC0415 # with the others
    from gobp.modproxy.server.launch import (  # noqa: PLC0415 # an extra
        announcement,
        banner,
        check_ready,
    )
    from gobp.modproxy.server.serve import serve as start  # noqa: PLC0415 # an extra

    settings = load()
    address = check_ready(settings)
    click.echo(banner(settings, address), err=True)
    with announced(announcement(settings, address), os.environ):
        start(settings, address, load)


serve.add_command(builds)
