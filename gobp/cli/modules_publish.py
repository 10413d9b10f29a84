"""gobp modules publish: a version of the module in a checkout becomes available to others."""

import os
from pathlib import Path

import click

from gobp.errors import UserError

TOKEN_VARIABLE = "GOBP_PUBLISH_TOKEN"  # noqa: S105 # the name of the variable
_MOST_TOKEN = 4096


@click.command()
@click.argument(
    "folder",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="[DIR]",
)
@click.option("--version", default="", help="The version.  [default: the tag of the commit]")
@click.option(
    "--to",
    "root",
    default="",
    type=click.Path(file_okay=False),
    help="Publish into the private tree of a server's root folder on this machine.",
)
@click.option("--repository", default="", help="Publish into a git repository of modules.")
@click.option("--branch", default="", help="Its branch.  [default: the repository's]")
@click.option("--url", default="", help="Publish to a running server, by HTTPS.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File with the token for --url.  [default: the variable {TOKEN_VARIABLE}, then netrc]",
)
@click.option("--allow-dirty", is_flag=True, help="Do not mind changes that are not committed.")
def publish(  # noqa: PLR0913 # the options of the command
    folder: Path,
    *,
    version: str,
    root: str,
    repository: str,
    branch: str,
    url: str,
    token_file: Path | None,
    allow_dirty: bool,
) -> None:
    """Publish the module in DIR at the commit that is checked out there.

    The module's path is that of its go.mod, the version that of the commit's tag. What is
    published already is never changed; to publish the same again does no harm.

    \b
    Examples:
      gobp modules publish --repository https://git.example.com/team/modules.git
      gobp modules publish ./sub --version v1.2.3 --url https://modules.example.com
      gobp modules publish --to /srv/modules
    """  # noqa: D301 # click reads the character
    from gobp.modproxy.published import publish as publishing  # noqa: PLC0415 # help is quick

    named = [each for each in (root, repository, url) if each]
    if len(named) != 1:
        raise UserError(
            f"{len(named)} places to publish to are named",
            remedy="name one: --to a root folder, --repository a git repository, --url a server.",
        )
    token = _token(token_file) if url else ""
    target = publishing.Target(root, repository, branch, url, token)
    what, new = publishing.publish(
        folder.resolve(), version, target, os.environ, allow_dirty=allow_dirty
    )
    click.echo(f"{what} {'is published' if new else 'was published already'}")


def _token(file: Path | None) -> str:
    """Return the token, which never stands among a command's arguments. Raises UserError."""
    text = file.read_text(encoding="utf-8")[:_MOST_TOKEN] if file else ""
    token = text.strip() or os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token.isascii() or not token.isprintable():
        raise UserError(
            "the token for publishing has characters that no token has",
            remedy="write nothing but the token into the file or the variable.",
        )
    return token
