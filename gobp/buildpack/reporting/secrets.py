"""Which texts of a build are secrets, so that its log never shows them."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

from gobp.cnb.bindings import Binding
from gobp.system import netrc

# Types of binding that hold addresses, commands and certificates, not secrets.
_OPEN = frozenset({"ca-certificates", "dependency-mapping", "dependency-mirror", "procfile"})
_NETRC = frozenset({"netrc", ".netrc"})
_NETRC_PASSWORD = re.compile(r"\bpassword\s+(\S+)")
# What the types for credentials hold that is no secret by itself; an address may have one in it.
_OPEN_KEYS = frozenset(
    {"context", "gosumdb", "hosts", "known_hosts", "noproxy", "nosumdb", "private"}
    | {"uri", "url", "user", "username"}
)
_OPEN_LINES = re.compile(r"(username|protocol|host|path|authtype)=|https://")
_CREDENTIALS = frozenset({"git-credentials", "goauth", "goproxy", "netrc", "ssh"})
_SHORTEST = 6  # characters; hiding shorter values would blot out words that mean nothing
_LONGEST_NAME = 20  # characters; a longer name of a user is a token
_Pair = tuple[str, str]


def secrets_of(env: Mapping[str, str], bindings: Iterable[Binding]) -> list[str]:
    """Return the passwords in addresses among the variables, and the values of bindings.

    Each comes in the forms in which programs write it: as it is, in an address, in base64, and
    with its user as in the header of basic authentication.
    """
    texts: list[str] = []
    pairs = [pair for value in env.values() for pair in _users(value)]
    for binding in bindings:
        pairs += _pairs(binding)
        if binding.type.casefold() not in _OPEN:
            texts += _texts(binding)
    for user, password in pairs:
        texts += (password, *(name for name in (user,) if not password or _is_token(name)))
    together = (_base64(f"{u}:{p}") for u, p in pairs if len(p) >= _SHORTEST)
    forms = [form for text in texts if len(text) >= _SHORTEST for form in _forms(text)]
    return list(dict.fromkeys((*forms, *together)))


def _is_token(user: str) -> bool:
    return len(user) > _LONGEST_NAME


def _forms(text: str) -> tuple[str, ...]:
    return text, quote(text, safe="", errors="replace"), _base64(text)


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _texts(binding: Binding) -> Iterable[str]:
    """Yield a binding's entries by their lines, but for those of credentials that are open."""
    known = binding.type.casefold() in _CREDENTIALS
    for key, value in binding.secrets.items():
        if known and key in _NETRC:
            yield from _NETRC_PASSWORD.findall(value)
            continue
        if known and key in _OPEN_KEYS:
            continue
        for line in map(str.strip, value.splitlines()):
            if not (known and _OPEN_LINES.match(line)):
                yield line
                yield from _named(line)


def _named(line: str) -> Iterable[str]:
    """Yield what a line gives a name: a password, a header, and a token after its scheme."""
    match = re.match(r"[A-Za-z_-]+(?:=|:\s+)(.+)", line)
    if match:
        yield match[1].strip()
        yield match[1].split()[-1]


def _pairs(binding: Binding) -> Iterable[_Pair]:
    """Yield each user with a password (both as they are meant) in any shape that bindings have."""
    secrets = binding.secrets
    for key in ("password", "token"):
        if secrets.get(key):
            yield secrets.get("username", "token").strip(), secrets[key].strip()
    for value in secrets.values():
        lines = dict(line.split("=", 1) for line in value.splitlines() if "=" in line)
        if lines.get("password"):
            yield lines.get("username", ""), lines["password"]
        yield from ((each.login, each.password) for each in netrc.parse(value))
        for line in value.splitlines():
            yield from _users(line)


def _users(value: str) -> Iterable[_Pair]:
    """Yield the user and password of each address in a value, as written and as meant."""
    for part in value.replace("|", ",").split(","):
        if "@" not in part or "//" not in part:
            continue
        try:
            address = urlsplit(part.strip())
        except ValueError:  # brackets that hold no address
            continue
        user, password = address.username or "", address.password or ""
        if "@" not in address.netloc:  # a "/" in the password, which should be escaped
            user, _, password = part.strip().partition("//")[2].rpartition("@")[0].partition(":")
            user = user if password else ""
        if user or password:
            yield user, password
            yield unquote(user), unquote(password)
