"""Which texts of a build are secrets, so that its log never shows them."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from gobp.cnb.bindings import Binding

# Types of binding that hold addresses and commands, not secrets.
_OPEN = frozenset({"dependency-mapping", "dependency-mirror", "procfile"})
_NAMED = re.compile(r"\bpassword[\s=]+(\S+)")
_SHORTEST = 6  # characters; hiding shorter values would blot out words that mean nothing


def secrets_of(env: Mapping[str, str], bindings: Iterable[Binding]) -> list[str]:
    """Return the passwords in addresses among the variables, and the values of bindings."""
    texts = [password for value in env.values() for password in _passwords(value)]
    for binding in bindings:
        values = binding.secrets.values()
        if binding.type.casefold() in _OPEN:
            texts += [password for value in values for password in _passwords(value)]
        else:
            texts += [text for value in values for text in _texts(value)]
    return [text for text in dict.fromkeys(texts) if len(text) >= _SHORTEST]


def _texts(value: str) -> Iterable[str]:
    """Yield a binding's entry by its lines, and what they name a password (netrc, git)."""
    for line in value.splitlines():
        yield line.strip()
        yield from _passwords(line)
    yield from _NAMED.findall(value)


def _passwords(value: str) -> Iterable[str]:
    """Yield the password of each address in a value, as it is written and as it is meant."""
    for part in value.replace("|", ",").split(","):
        if "@" not in part or "//" not in part:
            continue
        try:
            password = urlsplit(part.strip()).password
        except ValueError:  # brackets that hold no address
            continue
        if password:
            yield from (password, unquote(password))
