"""The processes of a server: granian's, which watches over its workers and ends them in order."""

import time
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Loops, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.mp import MPServer

from gobp.serving.draining import Draining
from gobp.serving.listening import Address, Tls

_MOST_HEADER_BYTES = 64 * 1024
_HEADER_MILLISECONDS = 15_000
_BACKLOG = 2048
_TLS_VERSIONS = {"1.2": SSLProtocols.tls12, "1.3": SSLProtocols.tls13}


class Server(MPServer):
    """granian's server of processes; it tells of its end before it stops to listen.

    ``target`` names it in granian's own log; ``notice`` is the seconds before it stops to listen;
    ``options`` are granian's.
    """

    def __init__(self, target: str, draining: Draining, notice: float, **options: Any) -> None:  # noqa: ANN401 # granian's
        super().__init__(target, **options)
        self._draining = draining
        self._notice = notice

    def shutdown(self, exit_code: int = 0) -> None:
        """Let load balancers see that this server stops, then stop it."""
        self._draining.begin()
        time.sleep(self._notice)
        super().shutdown(exit_code)  # type: ignore[no-untyped-call] # granian's


def listening(address: Address, tls: Tls | None) -> dict[str, Any]:
    """Return granian's options for where and how a server listens, bounded for hostile clients."""
    where: dict[str, Any] = (
        {"uds": Path(address.socket), "uds_permissions": 0o660}
        if address.socket
        else {"address": address.host, "port": address.port}
    )
    secured = (
        {}
        if tls is None
        else {
            "ssl_cert": Path(tls.certificate),
            "ssl_key": Path(tls.key),
            "ssl_protocol_min": _TLS_VERSIONS[tls.min_version],
        }
    )
    return {
        **where,
        **secured,
        "loop": Loops.uvloop,
        "websockets": False,
        "http": HTTPModes.auto,
        "http1_settings": HTTP1Settings(
            header_read_timeout=_HEADER_MILLISECONDS, max_buffer_size=_MOST_HEADER_BYTES
        ),
        "http2_settings": HTTP2Settings(
            max_headers_size=_MOST_HEADER_BYTES, keep_alive_interval=30_000
        ),
        "backlog": _BACKLOG,
        "backpressure": _BACKLOG,
        "respawn_failed_workers": True,
    }
