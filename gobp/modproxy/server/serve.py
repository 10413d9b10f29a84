"""Start the workers, watch over them, and end them in order."""

import asyncio
import contextlib
import gc
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from gobp.errors import UserError
from gobp.modproxy.access.audit import Event, audit_log_now_and_then
from gobp.modproxy.log.events import logging_config
from gobp.modproxy.server.draining import Draining
from gobp.modproxy.server.starting import Running, figures_folder, start
from gobp.modproxy.settings.rules import Address
from gobp.modproxy.settings.schema import Settings

_LOG = logging.getLogger(__name__)
_MOST_HEADER_BYTES = 64 * 1024
_HEADER_MILLISECONDS = 15_000
_BACKLOG = 2048
_MOST_WORKERS = 4  # where their number is not set
_TLS_VERSIONS = {"1.2": SSLProtocols.tls12, "1.3": SSLProtocols.tls13}


class Server(MPServer):
    """granian's server of processes; it tells of its end before it stops to listen."""

    def __init__(self, draining: Draining, notice: float, **options: Any) -> None:  # noqa: ANN401 # granian's
        super().__init__("gobp.modproxy", **options)
        self._draining = draining
        self._notice = notice

    def shutdown(self, exit_code: int = 0) -> None:
        """Let load balancers see that this server stops, then stop it."""
        self._draining.begin()
        time.sleep(self._notice)
        super().shutdown(exit_code)  # type: ignore[no-untyped-call] # granian's


def serve(settings: Settings, address: Address, reload: Callable[[], Settings]) -> None:
    """Serve until a signal ends it. ``reload`` reads the settings anew, after a SIGHUP."""
    figures_folder(settings).empty()
    draining = Draining()
    current = _Current(settings, reload, draining)
    server = Server(draining, settings.notice, **_options(settings, address))
    server.on_reload(current.renew)
    gc.collect()
    gc.freeze()  # so that workers do not write to these pages, which they share
    loader = cast("Callable[..., Callable[..., Any]]", current.load)  # granian takes objects too
    server.serve(target_loader=loader, wrap_loader=False)


class _Current:
    """The settings that workers start with; each new worker takes the newest."""

    def __init__(
        self, settings: Settings, reload: Callable[[], Settings], draining: Draining
    ) -> None:
        self._settings = settings
        self._reload = reload
        self._draining = draining

    def load(self) -> Running:
        """Start what granian runs, in the process of a worker."""
        loop = asyncio.get_event_loop()
        return loop.run_until_complete(start(self._settings, self._draining))

    def renew(self) -> None:
        """Read the settings anew, in the main process."""
        try:
            self._settings = self._reload()
        except UserError as error:
            _LOG.error("the settings stay as they are: %s", error)  # no bug of ours
            return
        _LOG.info("the settings were read anew")
        with contextlib.suppress(OSError):  # a full disk is no reason to keep the old settings
            audit_log_now_and_then(self._settings.log).record(Event.RELOADED)


def _options(settings: Settings, address: Address) -> dict[str, Any]:
    tls = settings.tls
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
        "interface": Interfaces.RSGI,
        "loop": Loops.uvloop,
        "workers": settings.workers or min(os.cpu_count() or 1, _MOST_WORKERS),
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
        "workers_kill_timeout": max(1, round(settings.drain)),
        "log_level": LogLevels.info if settings.log.level == "debug" else LogLevels.warning,
        "log_dictconfig": logging_config(settings.log.format, settings.log.level),
    }
