"""Start the workers and wait for their end."""

import asyncio
from collections.abc import Callable
from typing import cast

from granian import Granian
from granian.constants import Interfaces

from gobp.modproxy.server.app import App
from gobp.modproxy.server.rsgi import HttpProtocol, Scope
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.worker import make_service


class _Worker:
    """What granian loads in each worker process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app: App | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(self._start())

    async def _start(self) -> None:
        self._app = App(make_service(self._settings))

    async def __rsgi__(self, scope: Scope, protocol: HttpProtocol) -> None:
        assert self._app is not None  # noqa: S101 # granian starts it first
        await self._app.__rsgi__(scope, protocol)


def serve(settings: Settings) -> None:
    """Serve until a signal ends it."""
    host, _, port = settings.listen.rpartition(":")
    server = Granian(
        "gobp.modproxy",
        address=host,
        port=int(port),
        interface=Interfaces.RSGI,
        workers=settings.workers or 1,
    )
    server.serve(
        target_loader=lambda *_: cast("Callable[..., object]", _Worker(settings)), wrap_loader=False
    )
