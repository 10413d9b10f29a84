"""gobp serve builds and gobp worker: the build service."""

import json
import logging.config
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gobp.errors import UserError
from gobp.system.process import SystemCommands

if TYPE_CHECKING:  # the packages of an extra, which builds do not need
    from gobp.buildservice.settings.schema import Settings
    from gobp.serving.listening import Address

_PATHS = {
    "postgresql": "queue.postgresql",
    "slots": "queue.slots",
    "work": "queue.work",
    "log_format": "log.format",
    "log_requests": "log.requests",
}
_config = click.option(
    "--config", "-c", type=click.Path(dir_okay=False, path_type=Path), help="YAML file of settings."
)
_root = click.option(
    "--root", help="Folder of everything that is kept.  [default: $XDG_DATA_HOME/gobp/builds]"
)
_postgresql = click.option(
    "--postgresql", help="Connection string of a shared queue.  [default: an SQLite file in root]"
)
_slots = click.option(
    "--slots",
    type=click.IntRange(0, 1024),
    help="Builds at the same time.  [default: half of the cores]",
)
_log_format = click.option(
    "--log-format", type=click.Choice(["text", "json"]), help="[default: text]"
)


@click.command()
@_config
@click.option("--listen", help="ADDRESS:PORT, or unix:/path.  [default: 127.0.0.1:8140]")
@_root
@_postgresql
@_slots
@click.option("--work/--no-work", default=None, help="Build in the server.  [default: --work]")
@click.option("--base-path", help="The path below which all is served, as /builds.")
@click.option("--public-url", help="How clients reach the server, where that is another URL.")
@_log_format
@click.option("--log-requests", help="File of the request log, - or off.  [default: -]")
@click.option(
    "--check", is_flag=True, help="Only say whether the settings are right, and show them."
)
@click.option("--print-schema", is_flag=True, help="Only print the JSON schema of the file.")
def builds(config: Path | None, *, check: bool, print_schema: bool, **flags: object) -> None:
    """Build Go programs for who asks over HTTP.

    Modules come from the module proxy of go env GOPROXY, repositories from the hosts that the
    settings allow. All code of them runs in a sandbox (gobp doctor says what it holds). All
    settings have a default; those without a flag are set by --config or by a variable
    GOBP_BUILDS_...: docs/buildservice-settings.md lists them.

    \b
    Examples:
      gobp serve builds
      curl -X POST http://127.0.0.1:8140/github.com/rakyll/hey/linux/amd64/v0.1.4
      gobp serve builds --listen 0.0.0.0:8140 --root /srv/builds --slots 4
      gobp serve builds --postgresql "host=db user=gobp" --no-work
    """  # noqa: D301 # click reads the character
    load = _loader(config, flags)
    if print_schema:
        _print_schema()
    elif check:
        _show(load())
    else:
        _serve(load)


@click.command()
@_config
@_root
@_postgresql
@_slots
@_log_format
def worker(config: Path | None, **flags: object) -> None:
    """Build what gobp serve builds was asked for; as many of them as you like.

    Workers share the settings of the server. With an SQLite file they run on its machine; with
    PostgreSQL, and storage that all reach (store.url), on any.
    """
    from gobp.buildservice.working import work  # noqa: PLC0415 # an extra
    from gobp.serving.events import logging_config  # noqa: PLC0415 # an extra

    settings = _loader(config, flags)()
    logging.config.dictConfig(
        {"version": 1, **logging_config(settings.log.format, settings.log.level)}
    )
    click.echo(f"gobp worker builds what is queued in {_queue(settings)}", err=True)
    work(settings, os.environ)


def _loader(config: Path | None, flags: dict[str, object]) -> "Callable[[], Settings]":
    """Return what reads the settings, at the start and again after a SIGHUP."""
    from gobp.buildservice.settings.go_env import completed  # noqa: PLC0415 # an extra
    from gobp.buildservice.settings.load import load_settings  # noqa: PLC0415 # an extra
    from gobp.modproxy.settings.go_env import go_env  # noqa: PLC0415 # an extra

    given = {_PATHS.get(name, name): value for name, value in flags.items() if value is not None}

    def load() -> "Settings":
        settings = load_settings(config, os.environ, given)
        return completed(settings, go_env(SystemCommands(), os.environ))

    return load


def _print_schema() -> None:
    from gobp.buildservice.settings.schema import Settings  # noqa: PLC0415 # an extra
    from gobp.serving.settings.json_schema import json_schema  # noqa: PLC0415 # an extra

    click.echo(json.dumps(json_schema(Settings, "Settings of gobp serve builds"), indent=2))


def _show(settings: "Settings") -> None:
    from gobp.serving.settings.shown import settings_text  # noqa: PLC0415 # an extra

    click.echo(settings_text(settings), nl=False)


def _serve(load: "Callable[[], Settings]") -> None:
    from gobp.buildservice.parts import make_parts  # noqa: PLC0415 # an extra
    from gobp.buildservice.server import serve  # noqa: PLC0415 # an extra
    from gobp.serving.listening import address_to_listen_at  # noqa: PLC0415 # an extra

    settings = load()
    _check_root(Path(settings.root))
    address = address_to_listen_at(settings.listen, settings.tls)
    parts = make_parts(settings, os.environ)  # what is wrong with the settings is said here
    level = parts.runner(os.environ).level if settings.queue.work else "none here"
    parts.database.close()
    click.echo(_banner(settings, address, level), err=True)
    serve(settings, address, load)


def _check_root(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"root: {root} cannot be made: {error.strerror}",
            remedy="set --root to a folder that this user can write.",
        ) from None


def _banner(settings: "Settings", address: "Address", level: str) -> str:
    """Return what is said at the start: where it serves, from what, and how builds are kept in."""
    from gobp.serving.settings.shown import without_credentials  # noqa: PLC0415 # an extra

    sources = settings.sources
    lines = {
        "listening at": str(address),
        "kept in": settings.root,
        "queue": _queue(settings),
        "modules": without_credentials(sources.proxies),
        "git": ", ".join(host.host for host in sources.git) or "no host (sources.git)",
        "go": settings.go,
        "sandbox": level,
    }
    return "\n".join(
        ["gobp builds Go programs", *(f"  {name:<14}{value}" for name, value in lines.items())]
    )


def _queue(settings: "Settings") -> str:
    from gobp.serving.settings.shown import without_credentials  # noqa: PLC0415 # an extra

    if settings.queue.postgresql:
        return f"PostgreSQL ({without_credentials(settings.queue.postgresql)})"
    return f"{settings.root} (SQLite)"
