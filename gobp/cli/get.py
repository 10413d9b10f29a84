"""gobp get: a program from a build service."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gobp.errors import UserError

if TYPE_CHECKING:  # an extra
    from gobp.buildservice.client.screen import Screen

SERVER_VARIABLE = "GOBP_SERVER"
TOKEN_VARIABLE = "GOBP_TOKEN"  # noqa: S105 # the name of the variable
_SERVER = "http://127.0.0.1:8140"
_MOST_TOKEN = 4096


@click.command()
@click.argument("program")
@click.option("--os", "goos", default="", help="Go's name of a system.  [default: this one's]")
@click.option(
    "--arch", "goarch", default="", help="Go's name of a processor.  [default: this one's]"
)
@click.option("--package", default="", help="A program of several, as ./cmd/x.")
@click.option(
    "--server", default="", help=f"URL of the service.  [default: {SERVER_VARIABLE}, or {_SERVER}]"
)
@click.option(
    "--output",
    "-o",
    default=".",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that the program is put into.  [default: .]",
)
@click.option("--archive", is_flag=True, help="Take the archive as it is, and nothing out of it.")
@click.option("--quiet", "-q", is_flag=True, help="Do not show the log of the build.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File with a token.  [default: the variable {TOKEN_VARIABLE}]",
)
def get(  # noqa: PLR0913 # the options of the command
    program: str,
    *,
    goos: str,
    goarch: str,
    package: str,
    server: str,
    output: Path,
    archive: bool,
    quiet: bool,
    token_file: Path | None,
) -> None:
    """Get PROGRAM from a build service, which builds it if nobody had it built yet.

    PROGRAM is owner/repo@version (of github.com), or host/path@version: a version, a tag, a branch,
    a commit, or latest, which is what no version means. Its sha256 is checked before anything is
    put into place. The names of the files are printed.

    \b
    Examples:
      gobp get rakyll/hey@v0.1.4
      gobp get filippo.io/age@latest --package ./cmd/age --os darwin --arch arm64 -o bin
    """  # noqa: D301 # click reads the character
    from gobp.buildservice.client.getting import Getting  # noqa: PLC0415 # help is quick
    from gobp.buildservice.client.server import Server  # noqa: PLC0415 # as above
    from gobp.buildservice.client.wanted import (  # noqa: PLC0415 # as above
        parse_wanted,
        this_processor,
        this_system,
    )

    wanted = parse_wanted(
        program, package, goos or this_system(sys.platform), goarch or this_processor()
    )
    url = server or os.environ.get(SERVER_VARIABLE, "") or _SERVER
    getting = Getting(Server(url, _token(token_file), os.environ), _screen(quiet=quiet))
    for file in getting.get(wanted, output, archive=archive):
        click.echo(file)


def _screen(*, quiet: bool) -> "Screen":
    from gobp.buildservice.client.screen import PlainScreen, RichScreen  # noqa: PLC0415 # as above

    kind = RichScreen if sys.stderr.isatty() else PlainScreen
    return kind(sys.stderr, logs=not quiet)


def _token(file: Path | None) -> str:
    """Return the token, which never stands among a command's arguments. Raises UserError."""
    text = file.read_text(encoding="utf-8")[:_MOST_TOKEN] if file else ""
    token = text.strip() or os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token.isascii() or not token.isprintable():
        raise UserError(
            "the token has characters that no token has",
            remedy="write nothing but the token into the file or the variable.",
        )
    return token
