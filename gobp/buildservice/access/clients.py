"""The address that a request comes from, behind proxies that may say so."""

import ipaddress
from dataclasses import dataclass

from gobp.errors import UserError

UNIX = "unix"  # a client of a unix socket: it has no address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_HOUSEHOLD = 64  # bits of an IPv6 network that one customer is given, at the least


@dataclass(frozen=True, slots=True)
class Clients:
    """Knows the proxies whose X-Forwarded-For is believed; ``unix`` is whoever has the socket."""

    networks: tuple[_Network, ...]
    unix: bool

    @classmethod
    def parse(cls, trusted: tuple[str, ...]) -> "Clients":
        """Return the proxies of the settings. Raises UserError."""
        named = [text for text in trusted if text != UNIX]
        return cls(tuple(_network(text) for text in named), UNIX in trusted)

    def address(self, peer: str, forwarded: str) -> str:
        """Return who asks: the last of the way that is no trusted proxy.

        ``peer`` is the address of the connection ("" for a unix socket), ``forwarded`` the header
        X-Forwarded-For, to which each proxy adds the address that it was asked from.
        """
        way = [part.strip() for part in forwarded.split(",") if part.strip()]
        address = peer or UNIX
        while way and self._trusted(address):
            nearer = _parsed(way.pop())
            if nearer is None:
                break
            address = str(nearer)
        return address

    def _trusted(self, address: str) -> bool:
        if address == UNIX:
            return self.unix
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self.networks)


def is_address(name: str) -> bool:
    """Say whether a name is that of somebody without a token."""
    return name == UNIX or _parsed(name) is not None


def counted_as(address: str) -> str:
    """Return what requests of an address are counted by: of IPv6, the network of a household."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, _HOUSEHOLD), strict=False))
    return address


def _parsed(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UserError(
            f"access.trusted_proxies: {text!r} is no address and no network",
            remedy="write such as 10.0.0.7, 10.0.0.0/8 or fd00::/8; or unix for a socket's.",
        ) from None
