"""Which forward proxy a request goes through, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY.

As the go command reads them: golang.org/x/net/http/httpproxy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from gobp.errors import UserError

_Address = IPv4Address | IPv6Address
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Exception:
    """An entry of NO_PROXY: an address, a network or a domain; port 0 is any."""

    text: str
    port: int
    network: IPv4Network | IPv6Network | None

    def matches(self, host: str, port: int, address: _Address | None) -> bool:
        """Say whether a host that is asked for is meant."""
        if self.port not in {0, port}:
            return False
        if self.network is not None:
            return address is not None and address in self.network
        if self.text.startswith("."):
            return host.endswith(self.text)
        return host == self.text or host.endswith(f".{self.text}")


@dataclass(frozen=True, slots=True)
class ForwardProxies:
    """The proxies by scheme, "" for none, and the hosts that are asked without them."""

    http: str
    https: str
    exceptions: tuple[_Exception, ...] = ()
    none_at_all: bool = False

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "ForwardProxies":
        """Return what the variables say, upper case before lower case.

        Raises UserError for a proxy that is no http:// or https:// address.
        """
        entries = [entry.strip().lower() for entry in _any(env, "NO_PROXY").split(",")]
        found = (_exception(entry) for entry in entries if entry)
        return cls(
            _proxy(env, "HTTP_PROXY"),
            _proxy(env, "HTTPS_PROXY"),
            tuple(exception for exception in found if exception is not None),
            none_at_all="*" in entries,
        )

    def of(self, url: str) -> str:
        """Return the proxy for a URL, "" where it is asked directly, as this machine always is."""
        parts = urlsplit(url)
        proxy = {"http": self.http, "https": self.https}.get(parts.scheme, "")
        host = (parts.hostname or "").lower()
        if not proxy or self.none_at_all or host == "localhost":
            return ""
        address = _address(host)
        if address is not None and address.is_loopback:
            return ""
        port = parts.port or _PORTS[parts.scheme]
        excepted = any(one.matches(host, port, address) for one in self.exceptions)
        return "" if excepted else proxy


def _any(env: Mapping[str, str], name: str) -> str:
    return env.get(name) or env.get(name.lower(), "")


def _proxy(env: Mapping[str, str], name: str) -> str:
    value = _any(env, name).strip()
    if not value:
        return ""
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed:
        raise UserError(
            f"{name} is no address of a proxy for http",
            remedy=f"set {name} to http://host:port or https://host:port.",
        )
    return url


def _exception(entry: str) -> _Exception | None:
    """Return what an entry of NO_PROXY means, None where it means nothing."""
    network = _network(entry)
    if network is not None:
        return _Exception(entry, 0, network)
    host, port = _split_port(entry)
    host = host.removeprefix("*") if host.startswith("*.") else host
    if not host or port is None:
        return None
    return _Exception(host, port, _network(host))


def _split_port(entry: str) -> tuple[str, int | None]:
    """Return host and port, 0 where there is none, None where it is no number."""
    host, colon, port = entry.rpartition(":")
    if not colon:
        return entry, 0
    return host.removeprefix("[").removesuffix("]"), int(port) if port.isdecimal() else None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _address(host: str) -> _Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
