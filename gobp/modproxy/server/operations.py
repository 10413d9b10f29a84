"""What operators ask: is it alive, is it ready, what has it counted, which version is it."""

import asyncio
import json
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST

from gobp.modproxy.access.access import Access
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.protocol.answers import JSON, TEXT, Answer, failure
from gobp.modproxy.server.asked import Asked
from gobp.modproxy.server.figures import FiguresFolder, metrics_text
from gobp.serving.draining import Draining

_VERSION = json.dumps({"name": "gobp", "version": version("gobp")}).encode()
_PLAIN = {
    "healthz": Answer(200, TEXT, b"ok\n"),
    "robots.txt": Answer(200, TEXT, b"User-agent: *\nDisallow: /\n"),
    "version": Answer(200, JSON, _VERSION),
}
_UNKNOWN = failure(
    401,
    "the figures are not for everybody: a user and password are needed",
    headers=(("www-authenticate", 'Basic realm="Go modules", charset="UTF-8"'),),
)


class Operations:
    """Answers /healthz, /readyz, /version, /robots.txt to everybody, /metrics as is set."""

    def __init__(
        self,
        *,
        access: Access,
        metrics_for_all: bool,
        root: Path,
        draining: Draining,
        figures: FiguresFolder,
        write_figures: Callable[[], None],
    ) -> None:
        self._access = access
        self._metrics_for_all = metrics_for_all
        self._root = root
        self._draining = draining
        self._figures = figures
        self._write_figures = write_figures

    async def answer(self, asked: Asked) -> Answer | None:
        """See Open.answer."""
        if not asked.reads:
            return None
        if asked.path in _PLAIN:
            return _PLAIN[asked.path]
        if asked.path == "readyz":
            return await self._ready()
        return await self._metrics(asked) if asked.path == "metrics" else None

    async def _ready(self) -> Answer:
        """Say no while the server stops, and where nothing could be stored."""
        if self._draining.begun:
            return failure(503, "draining: this server stops soon")
        if not await asyncio.to_thread(os.access, self._root, os.W_OK | os.X_OK):
            return failure(503, "the folder of the modules cannot be written")
        return Answer(200, TEXT, b"ready\n")

    async def _metrics(self, asked: Asked) -> Answer:
        if not self._metrics_for_all:
            who = await self._access.identify(asked.headers.get("authorization"), asked.client)
            if not isinstance(who, Principal):
                return who
            if who.anonymous:
                return _UNKNOWN
        self._write_figures()
        text = await asyncio.to_thread(lambda: metrics_text(self._figures.read()))
        return Answer(200, CONTENT_TYPE_LATEST, text)
