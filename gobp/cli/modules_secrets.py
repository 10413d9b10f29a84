"""gobp modules password and token, gobp builds token: secrets, and what settings hold of them."""

import sys

import click

from gobp.errors import UserError
from gobp.serving.passwords import PasswordHash, format_token_hash, new_token

_MOST_CHARACTERS = 1024


@click.command()
def password() -> None:
    """Print the hash of a password, for access.users in the settings.

    The password is asked for, or read from the standard input (its first line).
    """
    click.echo(PasswordHash.of(_read_password()))


@click.command()
def token() -> None:
    """Print a new token, and its hash for access.tokens in the settings.

    The token is shown this once: the settings hold only its hash.
    """
    made = new_token()
    click.echo(f"token: {made}")
    click.echo(f"token_hash: {format_token_hash(made)}")


def _read_password() -> str:
    if sys.stdin.isatty():
        given = str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        given = sys.stdin.readline(_MOST_CHARACTERS + 2).removesuffix("\n").removesuffix("\r")
    if not given or len(given) > _MOST_CHARACTERS or not given.isprintable():
        raise UserError(
            "the password is empty, too long, or has control characters",
            remedy="write one line of printable characters.",
        )
    return given
