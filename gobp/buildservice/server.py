"""The server: processes that answer requests and, unless told otherwise, build."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from granian.constants import Interfaces
from granian.log import LogLevels

from gobp.buildservice.access.gate import Gate
from gobp.buildservice.api.app import make_app
from gobp.buildservice.hooks.receiving import Receiver
from gobp.buildservice.pages.site import Site
from gobp.buildservice.parts import Parts, make_parts
from gobp.buildservice.rounds import Round
from gobp.buildservice.settings.schema import Settings
from gobp.errors import UserError
from gobp.serving.draining import Draining
from gobp.serving.events import logging_config
from gobp.serving.listening import Address
from gobp.serving.processes import Server, listening

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 1.0
_ROUNDS_STOP_SECONDS = 10.0
_HOOK_SECONDS = 2.0
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def serve(settings: Settings, address: Address, reload: Callable[[], Settings]) -> None:
    """Serve until a signal ends it. ``reload`` reads the settings anew, after a SIGHUP."""
    draining = Draining()
    current = _Current(settings, reload, draining)
    server = Server(
        "gobp.buildservice",
        draining,
        settings.notice,
        **listening(address, settings.tls),
        **_options(settings),
    )
    server.on_reload(current.renew)
    gc.collect()
    loader = cast("Callable[..., Callable[..., Any]]", current.load)  # granian takes objects too
    server.serve(target_loader=loader, wrap_loader=False)


class Process:
    """A process of the server: what granian calls, and what begins and ends with it."""

    def __init__(self, parts: Parts, draining: Draining) -> None:
        settings, service = parts.settings, parts.service
        gate = Gate(settings.access)
        receiver = Receiver(settings, service, parts.database)
        site = Site(settings, service, gate)
        self._parts = parts
        self._app = make_app(settings, service, gate, receiver, site, draining)
        self._rounds = parts.rounds(
            Round("webhooks and releases", _HOOK_SECONDS, receiver.run_once)
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end (https://asgi.readthedocs.io)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        _leave_interrupts_to_the_main_process()
        watch = asyncio.ensure_future(_end_with_parent())
        await asyncio.to_thread(self._start)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watch.cancel()
        await asyncio.to_thread(self._stop)
        await send({"type": "lifespan.shutdown.complete"})

    def _start(self) -> None:
        parts = self._parts
        if parts.settings.queue.work:
            parts.service.engine.start(parts.runner(os.environ), parts.slots())
        self._rounds.start()

    def _stop(self) -> None:
        self._parts.service.engine.stop(self._parts.settings.drain)
        self._rounds.stop(_ROUNDS_STOP_SECONDS)
        self._parts.database.close()


class _Current:
    """The settings that processes start with; each new one takes the newest."""

    def __init__(
        self, settings: Settings, reload: Callable[[], Settings], draining: Draining
    ) -> None:
        self._settings = settings
        self._reload = reload
        self._draining = draining

    def load(self) -> Process:
        """Start what granian runs, in the process of a worker."""
        return Process(make_parts(self._settings, os.environ), self._draining)

    def renew(self) -> None:
        """Read the settings anew, in the main process."""
        try:
            self._settings = self._reload()
        except UserError as error:
            _LOG.error("the settings stay as they are: %s", error)  # no bug of ours
            return
        _LOG.info("the settings were read anew")


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "interface": Interfaces.ASGI,
        "workers": settings.workers,
        "workers_kill_timeout": max(1, round(settings.drain)) + 10,
        "log_level": LogLevels.info if settings.log.level == "debug" else LogLevels.warning,
        "log_dictconfig": logging_config(settings.log.format, settings.log.level),
    }


def _leave_interrupts_to_the_main_process() -> None:
    """Let Ctrl-C of the terminal end the main process, which ends the others in order."""
    asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


async def _end_with_parent() -> None:
    """Stop this process when the main one is gone: nobody would start or stop it any more."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 # a process that dies sets no event
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)
