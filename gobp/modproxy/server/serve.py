"""Start the workers, watch over them, and end them in order."""

import asyncio
import contextlib
import gc
import logging
import os
from collections.abc import Callable
from typing import Any, cast

from granian.constants import Interfaces
from granian.log import LogLevels

from gobp.errors import UserError
from gobp.modproxy.access.audit import Event, audit_log_now_and_then
from gobp.modproxy.server.starting import Running, figures_folder, start
from gobp.modproxy.settings.schema import Settings
from gobp.serving.draining import Draining
from gobp.serving.events import logging_config
from gobp.serving.listening import Address
from gobp.serving.processes import Server, listening

_LOG = logging.getLogger(__name__)
_MOST_WORKERS = 4  # where their number is not set


def serve(settings: Settings, address: Address, reload: Callable[[], Settings]) -> None:
    """Serve until a signal ends it. ``reload`` reads the settings anew, after a SIGHUP."""
    figures_folder(settings).empty()
    draining = Draining()
    current = _Current(settings, reload, draining)
    server = Server(
        "gobp.modproxy",
        draining,
        settings.notice,
        **listening(address, settings.tls),
        **_options(settings),
    )
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


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "interface": Interfaces.RSGI,
        "workers": settings.workers or min(os.cpu_count() or 1, _MOST_WORKERS),
        "workers_kill_timeout": max(1, round(settings.drain)),
        "log_level": LogLevels.info if settings.log.level == "debug" else LogLevels.warning,
        "log_dictconfig": logging_config(settings.log.format, settings.log.level),
    }
