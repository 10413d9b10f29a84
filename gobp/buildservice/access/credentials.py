"""The token in a request: in the header Authorization."""

from gobp.modproxy.access.credentials import TokenLogin, parse_authorization
from gobp.serving.passwords import is_token

_CARGO_SCHEME = "token"
_MOST_CHARACTERS = 4096


def token_in(header: str) -> str | None:
    """Return the token in a header Authorization, None where there is none in it.

    It may be written ``Bearer TOKEN`` (RFC 6750), ``token TOKEN`` or the bare token (cargo's
    README), or be the user or the password of ``Basic`` (RFC 7617).
    """
    if len(header) > _MOST_CHARACTERS or not header.isascii():
        return None
    scheme, _, value = header.strip().partition(" ")
    if is_token(scheme) and not value:
        return scheme
    if scheme.lower() == _CARGO_SCHEME:
        return value.strip() or None
    login = parse_authorization(header)
    return login.token if isinstance(login, TokenLogin) and login.token else None
