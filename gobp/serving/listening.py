"""Where a server listens: an address and port or a socket, with or without TLS."""

import errno
import os
import socket
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gobp.errors import UserError
from gobp.serving.settings.section import Section


class Tls(Section, frozen=True):
    """Certificate and key in PEM."""

    certificate: str
    """File with the certificate and those between it and the root."""
    key: str
    """File with its private key."""
    min_version: Literal["1.2", "1.3"] = "1.2"
    """1.2 or 1.3."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens: a host and port, or the path of a unix socket."""

    host: str = ""
    port: int = 0
    socket: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Return what ``127.0.0.1:8130``, ``[::1]:8130`` or ``unix:/path`` means; UserError."""
        if text.startswith("unix:"):
            return cls(socket=text.removeprefix("unix:"))
        host, _, port = text.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        if not port.isascii() or not port.isdecimal() or int(port) > 65535 or not bare:
            raise UserError(
                f"listen: {text!r} is no address to listen at",
                remedy="write ADDRESS:PORT as 0.0.0.0:8130 or [::]:8130, or unix:/path.",
            )
        return cls(bare, int(port))

    def __str__(self) -> str:
        if self.socket:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_to_listen_at(listen: str, tls: Tls | None) -> Address:
    """Return where ``listen`` says, the port chosen where it was 0.

    Raises UserError where another server listens there or TLS has no good key.
    """
    if tls is not None:
        _check_tls(tls)
    address = Address.parse(listen)
    if address.socket:
        _check_socket(Path(address.socket))
        return address
    return Address(address.host, _free_port(address))


def _check_tls(tls: Tls) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name, file in (("certificate", tls.certificate), ("key", tls.key)):
        try:
            Path(file).read_bytes()
        except OSError as error:
            raise UserError(
                f"tls.{name}: {file} cannot be read: {error.strerror}",
                remedy="name a file in PEM that this user can read.",
            ) from None
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise UserError(
            f"tls: {tls.certificate} and {tls.key} are no certificate and key that belong together",
            detail=str(error),
            remedy="name the certificate (with its chain) and its key, both in PEM, the key without"
            " a password.",
        ) from None


def _check_socket(path: Path) -> None:
    """Remove the socket of a server that is gone. Raises UserError where one still answers."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise UserError(
                f"listen: {path} is there, and is no socket", remedy="name another path."
            )
    except FileNotFoundError:
        if os.access(path.parent, os.W_OK):
            return
        raise UserError(
            f"listen: {path} cannot be made", remedy="name a path in a folder that can be written."
        ) from None
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise UserError(
                f"listen: another server answers at {path}", remedy="stop it, or name another path."
            )
    path.unlink()


def _free_port(address: Address) -> int:
    """Return the port, chosen where it was 0, once nobody listens there. Raises UserError.

    Workers share their port (SO_REUSEPORT), so a second server would get half of the requests.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
            probe.listen(1)
        except OSError as error:
            raise _cannot_listen(address, error) from None
        port: int = probe.getsockname()[1]
    return port


def _cannot_listen(address: Address, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(
            f"listen: another server listens at {address}",
            remedy="stop it, or set --listen to another port.",
        )
    return UserError(
        f"listen: {address} is no address to listen at: {error.strerror}",
        remedy="set --listen to an address of this machine; ports below 1024 need a privilege.",
    )
