"""Requests to an ASGI application, without a server (its specification: asgi.readthedocs.io)."""

import asyncio
from base64 import b64encode
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.types import ASGIApp

HOST = "builds.example"


@dataclass(frozen=True, slots=True)
class Reply:
    """What an application answered."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def facts(self) -> dict[str, str]:
        """The facts in an answer to a script."""
        pairs = (line.partition(" ") for line in self.text.splitlines())
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who asks an application, with a token perhaps."""

    app: ASGIApp
    token: str = ""

    def get(self, url: str, **headers: str) -> Reply:
        return asyncio.run(self._ask("GET", url, headers, b""))

    def post(self, url: str, fields: dict[str, str] | None = None, **headers: str) -> Reply:
        return asyncio.run(self._ask("POST", url, headers, urlencode(fields or {}).encode()))

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        path, _, query = url.partition("?")
        sent = {"host": HOST, **{name.replace("_", "-"): text for name, text in headers.items()}}
        if self.token:
            sent["authorization"] = "Basic " + b64encode(f"me:{self.token}".encode()).decode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), text.encode()) for name, text in sent.items()],
            "client": ("192.0.2.1", 50_000),
            "server": (HOST, 80),
        }
        answered: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            answered.append(message)

        await self.app(scope, receive, send)
        start, *rest = answered
        headers = {name.decode(): text.decode() for name, text in start["headers"]}
        return Reply(start["status"], headers, b"".join(part.get("body", b"") for part in rest))
