"""gobp run: starts a process of a built image on this machine, without a container."""

import os
from pathlib import Path

import click

from gobp.cli.options import cache_option, env_options, read_env
from gobp.platform import launcher


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("image", type=click.Path(exists=True, path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--process", "-p", default="", help="Process type.  [default: the image's default]")
@env_options
@cache_option
def run(
    image: Path,
    arguments: tuple[str, ...],
    *,
    process: str,
    env: tuple[str, ...],
    env_file: Path | None,
    cache_dir: Path,
) -> None:
    """Start a process of IMAGE (an OCI layout folder or archive) with ARGUMENTS.

    It runs on this machine as the user you are, with the image's environment. Put -- before
    arguments that begin with a dash.

    \b
    Examples:
      gobp run web.oci --env PORT=9000
      gobp run age.oci --process age -- --help
    """  # noqa: D301 # click reads the character
    environ = {**os.environ, **read_env(env, env_file)}
    launcher.run(image, process, arguments, environ, cache_dir.resolve())
