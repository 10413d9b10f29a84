"""Passwords and tokens: made, hashed for the settings file, and compared with what is sent.

A password's hash is ``scrypt$n=16384,r=8,p=1$<salt>$<key>``, both in base64: slow on purpose
(RFC 7914), about 50 ms. A token has 256 random bits, so that ``sha256:<hex>`` is enough.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from gobp.errors import UserError

_TOKEN_PREFIX = "gobp_"  # noqa: S105 # by which scanners for secrets can know tokens of ours
_TOKEN_BYTES = 32
_TOKEN = re.compile(rf"{_TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)
_TOKEN_HASH = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)
_SCRYPT = re.compile(
    r"scrypt\$n=([0-9]{1,7}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)",
    re.ASCII,
)
_COST, _BLOCK, _PARALLEL = 16384, 8, 1
_SALT_BYTES, _KEY_BYTES = 16, 32
_MOST_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """What can be known of a password without knowing it; ``n``, ``r`` and ``p`` as in RFC 7914."""

    n: int
    r: int
    p: int
    salt: bytes
    key: bytes

    @classmethod
    def of(cls, password: str) -> "PasswordHash":
        """Return a hash of a password, with a new salt."""
        salt = secrets.token_bytes(_SALT_BYTES)
        key = _key(password, _COST, _BLOCK, _PARALLEL, salt)
        return cls(_COST, _BLOCK, _PARALLEL, salt, key)

    @classmethod
    def parse(cls, text: str, *, source: str) -> "PasswordHash":
        """Return the hash that was written by ``str``. Raises UserError, which names ``source``."""
        match = _SCRYPT.fullmatch(text)
        if match is None:
            raise _bad_hash(source, "password")
        n, r, p = (int(number) for number in match.groups()[:3])
        try:
            salt, key = (base64.b64decode(part, validate=True) for part in match.groups()[3:])
            hashlib.scrypt(b"", salt=salt, n=2, r=r, p=p, maxmem=_MOST_MEMORY)
        except (binascii.Error, ValueError):
            raise _bad_hash(source, "password") from None
        if n < 2 or n & (n - 1) or 128 * n * r * p > _MOST_MEMORY // 2 or len(key) != _KEY_BYTES:
            raise _bad_hash(source, "password")
        return cls(n, r, p, salt, key)

    @classmethod
    def impossible(cls) -> "PasswordHash":
        """Return a hash of no password, to compare with where there is no user: as slow."""
        salt, key = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_KEY_BYTES)
        return cls(_COST, _BLOCK, _PARALLEL, salt, key)

    def matches(self, password: str) -> bool:
        """Say whether this is the password's hash. It takes about 50 ms, without the GIL."""
        key = _key(password, self.n, self.r, self.p, self.salt)
        return hmac.compare_digest(key, self.key)

    def __str__(self) -> str:
        """Return the hash as the settings have it."""
        salt, key = (base64.b64encode(part).decode() for part in (self.salt, self.key))
        return f"scrypt$n={self.n},r={self.r},p={self.p}${salt}${key}"


def new_token() -> str:
    """Return a token that nobody has."""
    return _TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Say whether a text has the form of a token, so that it is no password."""
    return _TOKEN.fullmatch(text) is not None


def token_digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def format_token_hash(token: str) -> str:
    """Return a token's hash as the settings have it."""
    return f"sha256:{token_digest(token).hex()}"


def parse_token_hash(text: str, *, source: str) -> bytes:
    """Return the digest in a token's hash. Raises UserError, which names ``source``."""
    match = _TOKEN_HASH.fullmatch(text)
    if match is None:
        raise _bad_hash(source, "token")
    return bytes.fromhex(match[1])


def _key(password: str, n: int, r: int, p: int, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=_KEY_BYTES
    )


def _bad_hash(source: str, what: str) -> UserError:
    """Return the failure without the text: it may be the secret itself."""
    return UserError(
        f"{source}: {what}_hash is no hash of a {what}",
        remedy=f"write what gobp modules {what} prints.",
    )
