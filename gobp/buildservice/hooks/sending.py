"""Requests to others over HTTP: to an address that was checked, in a bounded time, no redirects."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from gobp.buildservice.sources.guard import RefusedError, checked_addresses
from gobp.errors import UserError
from gobp.system.netrc import THIS_MACHINE

_MOST_BYTES = 4 * 1024 * 1024
_PORTS = {"https": 443, "http": 80}
_CONNECT_SECONDS = 10.0


class SendingError(Exception):
    """A request without an answer; the text is for people and names no more than the host."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request. ``body`` may be parts of bytes, of which ``length`` is the sum.

    ``private``: whether it may go to an address of a private network.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    length: int | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer; ``body`` has its first 4 MiB."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it says that all went well."""
        return 200 <= self.status < 300


def check_url(url: str, setting: str, *, secret: bool = False) -> None:
    """Raise UserError, which names the setting, where requests cannot be sent to a URL.

    ``secret``: they have a secret in them, which goes over TLS, or to this machine.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for one that is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise UserError(
            f"{setting}: no http or https URL without a user in it", remedy="write such a one."
        )
    if secret and parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        raise UserError(
            f"{setting}: a secret is not sent without TLS", remedy="write it with https://."
        )


def send(request: Outgoing, seconds: float) -> Incoming:
    """Send a request and return its answer, all in so many seconds. Raises SendingError."""
    parts = urlsplit(request.url)
    name = parts.hostname or ""
    connection = _connection(parts, request)
    headers = dict(request.headers)
    if request.length is not None:
        headers["Content-Length"] = str(request.length)
    path = parts.path or "/"
    try:
        with _no_longer_than(connection, seconds):
            connection.request(
                request.method,
                f"{path}?{parts.query}" if parts.query else path,
                body=request.body,
                headers=headers,
            )
            response = connection.getresponse()
            return Incoming(response.status, response.read(_MOST_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: the watchdog closed what was being read
        reason = str(error) if isinstance(error, ssl.SSLError | socket.timeout) else "no answer"
        raise SendingError(f"{name}: {reason}") from None
    finally:
        connection.close()


def _connection(parts: SplitResult, request: Outgoing) -> http.client.HTTPConnection:
    """Return a connection to the first address of a host that takes it. Raises SendingError."""
    name = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    try:
        addresses = checked_addresses(name, port, private=request.private)
    except RefusedError as error:
        raise SendingError(error.text) from None
    connection = http.client.HTTPConnection(name, port)
    for address in addresses:
        try:
            connection.sock = socket.create_connection((address, port), _CONNECT_SECONDS)
        except OSError:
            continue
        if parts.scheme == "https":
            connection.sock = _secured(connection.sock, name)
        return connection
    raise SendingError(f"{name}: it cannot be connected to")


def _secured(raw: socket.socket, name: str) -> ssl.SSLSocket:
    try:
        return ssl.create_default_context().wrap_socket(raw, server_hostname=name)
    except (OSError, ValueError) as error:
        raw.close()
        raise SendingError(f"{name}: no TLS: {error}") from None


@contextmanager
def _no_longer_than(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """Break a connection off after so many seconds, however slowly it trickles."""
    connection.sock.settimeout(seconds)
    raw = connection.sock

    def break_off() -> None:
        try:
            raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    timer = threading.Timer(seconds, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
