"""What must hold before the workers are started, and what people are told then."""

import os
import socket
import tempfile
from pathlib import Path

from gobp.errors import UserError
from gobp.modproxy.running import Running
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.tree.module_tree import OWN
from gobp.serving.listening import Address, address_to_listen_at
from gobp.serving.settings.shown import without_credentials

_ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 # compared with, not bound
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # as above
_DIRECT = ",direct"


def check_ready(settings: Settings) -> Address:
    """Return the address to listen at, its port chosen where it was 0.

    Raises UserError where the root cannot be written, the port is in use or TLS has no good key.
    """
    _check_root(Path(settings.root))
    return address_to_listen_at(settings.listen, settings.tls)


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
