"""Bindings of type ``goproxy``: Go module proxies and who the build is there.

Keys: ``url`` (or ``uri``), an address or a whole GOPROXY list; ``username`` with ``password``, or
``token``; ``gosumdb``; ``noproxy`` and ``nosumdb``, which are GONOPROXY and GONOSUMDB. ``private``
is another name of ``nosumdb``, not GOPRIVATE: that would lead go past the very proxy that serves
the private modules. Source: https://go.dev/ref/mod#goproxy-protocol.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from gobp.buildpack.credentials.keys import (
    first_of,
    names_in,
    required,
    split_address,
    unusable,
)
from gobp.buildpack.credentials.logins import Login
from gobp.buildpack.credentials.types import GOPROXY
from gobp.cnb.bindings import Binding, of_type

_WORDS = frozenset({"direct", "off"})
_ENTRY = re.compile(r"[^,|\s]+")
_TOKEN_USER = "token"  # noqa: S105 # a name; the token is the password


@dataclass(frozen=True, slots=True)
class GoProxy:
    """What one binding says; ``goproxy`` holds no password."""

    binding: str
    goproxy: str
    logins: tuple[Login, ...] = field(default=(), repr=False)
    gosumdb: str = ""
    noproxy: tuple[str, ...] = ()
    nosumdb: tuple[str, ...] = ()


def read(bindings: Iterable[Binding]) -> tuple[GoProxy, ...]:
    """Read every binding of the type. Raises UserError."""
    return tuple(_read(binding) for binding in of_type(bindings, GOPROXY))


def hosts_in(goproxy: str) -> frozenset[str]:
    """Return the hosts, without ports, of the proxies in a GOPROXY list."""
    found = (split_address(entry.strip()) for entry in re.split("[,|]", goproxy))
    return frozenset(parts.hostname for parts in found if parts is not None and parts.hostname)


def _read(binding: Binding) -> GoProxy:
    text = required(binding, "url", "uri")
    addresses = [_address(binding, entry) for entry in _ENTRY.findall(text)]
    plain = _ENTRY.sub(lambda entry: _without_user(entry[0]), text)
    return GoProxy(
        binding=binding.name,
        goproxy=",".join(plain.split()),
        logins=tuple(_logins(binding, addresses)),
        gosumdb=first_of(binding, "gosumdb"),
        noproxy=names_in(binding, "noproxy"),
        nosumdb=(*names_in(binding, "private"), *names_in(binding, "nosumdb")),
    )


def _address(binding: Binding, text: str) -> SplitResult:
    parts = split_address(text)
    known = parts is not None and parts.scheme in {"https", "http", "file"}
    if parts is None or not (known or text in _WORDS):
        raise unusable(
            binding,
            "url",
            "names a proxy that is no address beginning https://, http:// or file://",
            "name a Go module proxy such as https://proxy.example.com/go; in a password write "
            "%2F for / and %40 for @, or give it in a key of its own.",
        )
    return parts


def _logins(binding: Binding, addresses: Iterable[SplitResult]) -> Iterable[Login]:
    """Yield who the build is at each proxy: by the address itself, else by the other keys."""
    named_by = f"the binding {binding.name}"
    open_hosts = []
    for parts in addresses:
        if parts.password or parts.username:
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            yield Login(_machine(binding, parts), user, password, named_by)
        elif parts.hostname:
            open_hosts.append(parts)
    password = first_of(binding, "token", "password")
    if not password:
        return
    if len({parts.netloc for parts in open_hosts}) != 1:
        raise unusable(
            binding,
            "url",
            f"names {len(open_hosts)} proxies that the password may be for",
            "name one proxy in the binding, and make a binding for each other.",
        )
    user = first_of(binding, "username") or _TOKEN_USER
    yield Login(_machine(binding, open_hosts[0]), user, password, named_by)


def _machine(binding: Binding, parts: SplitResult) -> str:
    """Return host and port as go names them. Raises UserError where go would refuse to log in."""
    if parts.scheme != "https":
        raise unusable(
            binding,
            "url",
            f"names {parts.hostname} by {parts.scheme}://, where go sends no password",
            "use https:// for a proxy with a password.",
        )
    return parts.netloc.rpartition("@")[2].lower().removesuffix(":443")


def _without_user(entry: str) -> str:
    parts = urlsplit(entry)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
