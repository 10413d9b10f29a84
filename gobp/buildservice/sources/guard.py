"""Which hosts the service speaks with: those of the settings, at addresses that are not private.

A name is looked up once, every address of it is checked, and whoever connects uses the addresses
that were checked: a name that means something else a moment later (DNS rebinding) changes nothing.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gobp.buildservice.builds.order import GitSource
from gobp.buildservice.settings.schema import GitHost

Lookup = Callable[[str, int], Sequence[str]]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = re.compile(
    r"(?P<name>[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*"
    r"|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)
# Some programs read 127.1, 0x7f.1 or 2130706433 as an address, others as a name.
_LIKE_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
_PART = re.compile(r"[~.]?[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?", re.ASCII)
_MOST_CHARACTERS, _MOST_ADDRESSES = 512, 16
_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: has an IPv4 address in it
_METADATA = frozenset(  # of clouds, outside of link-local addresses: they give credentials away
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)


class RefusedError(Exception):
    """A place that the service does not go to; ``status`` is that of HTTP, the text for people.

    400: it is no host or path; 403: it is not allowed; 502: its name cannot be looked up.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class Place:
    """A host that was checked: ``addresses`` are where to connect to, as text.

    ``name`` has brackets where it is an IPv6 address; ``settings`` are those for the host.
    """

    scheme: str
    name: str
    port: int
    addresses: tuple[str, ...]
    settings: GitHost

    @property
    def host(self) -> str:
        """The name with the port, unless that is the scheme's own."""
        own = _PORTS[self.scheme] == self.port
        return self.name if own else f"{self.name}:{self.port}"

    @property
    def origin(self) -> str:
        """The beginning of its URLs, without a slash behind it."""
        return f"{self.scheme}://{self.host}"


class Guard:
    """Lets through the repositories that the settings allow."""

    def __init__(
        self, hosts: Sequence[GitHost], lookup: Lookup | None = None, *, seconds: float = 10
    ) -> None:
        self._hosts = tuple(hosts)
        self._lookup = lookup
        self._seconds = seconds

    def settle(self, source: GitSource) -> GitSource:
        """Return a source as it is written here: host in lower case, no ``.git``, no own port.

        Raises RefusedError where it is no repository, or not one of an allowed host and owner.
        """
        path = source.path.strip("/").removesuffix(".git")
        if len(path) > _MOST_CHARACTERS or not all(map(_PART.fullmatch, path.split("/"))):
            raise RefusedError(400, f"{path[:_MOST_CHARACTERS]!r} is no path of a repository")
        name, port, settings = self._allowed(source.host.lower(), path)
        host = name if port == _own_port(settings) else f"{name}:{port}"
        return GitSource(host=host, path=path, submodules=source.submodules)

    def check(self, source: GitSource) -> Place:
        """Return where a settled source is, with its addresses looked up and checked.

        Raises RefusedError.
        """
        name, port, settings = self._allowed(source.host, source.path)
        scheme = "http" if settings.insecure else "https"
        addresses = checked_addresses(
            name,
            port,
            private=settings.private_addresses,
            lookup=self._lookup,
            seconds=self._seconds,
        )
        return Place(scheme, name, port, addresses, settings)

    def _allowed(self, host: str, path: str) -> tuple[str, int, GitHost]:
        """Return the first entry of the settings that is for a host and owner."""
        name, port = split_host(host)
        owner = path.partition("/")[0]
        known = False
        for settings in self._hosts:
            given = port or _own_port(settings)
            if _is_for(settings, name, given):
                known = True
                if not settings.owners or owner in settings.owners:
                    return name, given, settings
        raise RefusedError(403, f"this service builds nothing of {host}{f'/{owner}' * known}")


def split_host(host: str) -> tuple[str, int]:
    """Return the name and port (0 for none) of a host in lower case. Raises RefusedError."""
    match = _HOST.fullmatch(host) if len(host) <= _MOST_CHARACTERS else None
    if match is None or int(match["port"] or 0) > 65535:
        raise RefusedError(400, f"{host[:_MOST_CHARACTERS]!r} is no host")
    name = match["name"]
    if name.startswith("[") or _LIKE_A_NUMBER.fullmatch(name):
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            raise RefusedError(400, f"{name!r} is no host") from None
    return name, int(match["port"] or 0)


def checked_addresses(
    name: str, port: int, *, private: bool, lookup: Lookup | None = None, seconds: float = 10
) -> tuple[str, ...]:
    """Return the addresses of a name, each of which may be connected to.

    ``private``: whether those of private networks and of this machine may be. ``lookup`` is the
    machine's own unless given, and may take so many seconds. Raises RefusedError where there is no
    address, or one that may not be.
    """
    found = _within(seconds, lookup or system_lookup, name.strip("[]"), port)
    if not found:
        raise RefusedError(502, f"{name} has no address")
    addresses = tuple(dict.fromkeys(found))[:_MOST_ADDRESSES]
    if not all(_may_connect(ipaddress.ip_address(each), private=private) for each in addresses):
        raise RefusedError(403, f"{name} is at an address that this service does not connect to")
    return addresses


def system_lookup(name: str, port: int) -> list[str]:
    """Return the addresses that this machine finds for a name; none where it finds none."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


def _within(seconds: float, lookup: Lookup, name: str, port: int) -> Sequence[str]:
    """Return what a lookup finds in time: the system's own knows no time limit."""
    found: list[Sequence[str]] = []
    thread = threading.Thread(target=lambda: found.append(lookup(name, port)), daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else ()


def _may_connect(address: _Address, *, private: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner_ipv4(address)
        if inner is not None:
            return _may_connect(inner, private=private)
        if address.sixtofour or address.teredo or address.is_site_local or address.scope_id:
            return False
    if address in _METADATA or address.is_link_local or address.is_multicast:
        return False
    if address.is_unspecified or (address.is_reserved and not address.is_loopback):
        return False
    return private or address.is_global


def _inner_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to, if it does."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def _is_for(settings: GitHost, name: str, port: int) -> bool:
    """Say whether an entry of the settings is for a host; without a port it is for its own one."""
    pattern, colon, written = settings.host.lower().rpartition(":")
    if not colon or not written.isdecimal():
        pattern, written = settings.host.lower(), str(_own_port(settings))
    if int(written) != port:
        return False
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _own_port(settings: GitHost) -> int:
    return _PORTS["http" if settings.insecure else "https"]
