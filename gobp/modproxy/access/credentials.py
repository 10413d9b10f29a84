"""What a header Authorization says (RFC 7617 for Basic, RFC 6750 for Bearer)."""

import base64
import binascii
from dataclasses import dataclass, field

from gobp.serving.passwords import is_token

_MOST_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class Login:
    """A user's name and password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """A token."""

    token: str = field(repr=False)


def parse_authorization(header: str) -> Login | TokenLogin | None:
    """Return the credentials in a header, None where they are not understood.

    A token may also be the password of any user, or the user of no password: a URL in GOPROXY
    and a netrc file can say nothing but Basic.
    """
    scheme, _, value = header.strip().partition(" ")
    if len(header) > _MOST_CHARACTERS or not header.isascii():
        return None
    match scheme.lower():
        case "bearer":
            return TokenLogin(value.strip())
        case "basic":
            return _basic(value.strip())
        case _:
            return None


def _basic(value: str) -> Login | TokenLogin | None:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = decoded.partition(":")
    if not colon:
        return None
    for part in (password, user):
        if is_token(part):
            return TokenLogin(part)
    return Login(user, password)
