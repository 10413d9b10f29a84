"""What must hold before the workers are started, and what people are told then."""

import errno
import os
import socket
import ssl
import stat
import tempfile
from pathlib import Path

from gobp.errors import UserError
from gobp.modproxy.running import Running
from gobp.modproxy.settings.rules import Address
from gobp.modproxy.settings.schema import Settings, Tls
from gobp.modproxy.settings.shown import without_credentials
from gobp.modproxy.tree.module_tree import OWN

_ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 # compared with, not bound
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # as above
_DIRECT = ",direct"


def check_ready(settings: Settings) -> Address:
    """Return the address to listen at, its port chosen where it was 0.

    Raises UserError where the root cannot be written, the port is in use or TLS has no good key.
    """
    _check_root(Path(settings.root))
    if settings.tls is not None:
        _check_tls(settings.tls)
    address = Address.parse(settings.listen)
    if address.socket:
        _check_socket(Path(address.socket))
        return address
    return Address(address.host, _free_port(address))


def banner(settings: Settings, address: Address) -> str:
    """Return what is said at the start: where it serves, from where, and what to do with it."""
    url = settings.public_url or _url(settings, address)
    lines = {
        "listening at": str(address),
        "modules in": settings.root,
        "upstream": without_credentials(settings.upstream.proxies),
        "checksums": settings.sums.database.partition(" ")[0],
    }
    shown = "\n".join(f"  {name:<14}{value}" for name, value in lines.items())
    use = f"go env -w GOPROXY={url}{_DIRECT}" if url else "a web server in front of the socket"
    return f"gobp serves Go modules\n{shown}\n  {'to use it':<14}{use}"


def announcement(settings: Settings, address: Address) -> Running:
    """Return what builds on this machine are told of the server that this process runs."""
    local = Address(_LOCAL.get(address.host, address.host), address.port, address.socket)
    url = settings.public_url if settings.tls is not None else _url(settings, local)
    return Running(url, os.getpid(), bool(settings.access.anonymous))


def _url(settings: Settings, address: Address) -> str:
    if address.socket:
        return ""
    host = socket.gethostname() if address.host in _ANYWHERE else address.host
    scheme = "https" if settings.tls is not None else "http"
    return f"{scheme}://{Address(host, address.port)}{settings.base_path}"


def _check_root(root: Path) -> None:
    try:
        (root / OWN).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root / OWN):
            pass
    except OSError as error:
        raise UserError(
            f"root: {root} cannot be written: {error.strerror}",
            remedy="set --root to a folder that this user can write.",
        ) from None


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
