"""What is round every request: its id, its line in the log, its time, the headers of its answer."""

import itertools
import logging
import re
import secrets
import time
from dataclasses import dataclass

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gobp.buildservice.api.figures import Figures
from gobp.modproxy.log.records import Clock, harmless
from gobp.serving.writer import LineWriter

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}", re.ASCII)
_SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
_FAILED = 500
_OTHER = "other"
_LOG = logging.getLogger(__name__)
_ENCODER = msgspec.json.Encoder()


@dataclass(slots=True)
class _Answer:
    """What was sent so far: status 0 for nothing. ``length`` is what was said to come."""

    status: int = 0
    length: int = 0
    size: int = 0


class Recorded:
    """An application below the path ``base``, whose requests are named, counted and logged.

    ``form`` is text or json. Queries, and what clients prove themselves with, are not logged.
    """

    def __init__(
        self, app: ASGIApp, base: str, figures: Figures, writer: LineWriter | None, form: str
    ) -> None:
        self._app = app
        self._base = base
        self._figures = figures
        self._writer = writer
        self._json = form == "json"
        self._clock = Clock()
        self._prefix = secrets.token_hex(5)
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, answer = time.perf_counter(), _Answer()
        request_id = self._named(Headers(scope=scope).get("x-request-id", ""))
        scope.setdefault("state", {})
        scope["root_path"] = self._base

        async def recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                answer.status = message["status"]
                answer.length = int(headers.get("content-length", "0"))
                _complete(headers, request_id)
            elif message["type"] == "http.response.pathsend":  # the server reads the file
                answer.size = answer.length
            elif message["type"] == "http.response.body":
                answer.size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, recorded)
        except Exception:  # noqa: BLE001 # the client has been told; the operator is told here
            _LOG.exception("request %s failed", request_id)
            answer.status = answer.status or _FAILED
        finally:
            self._record(scope, answer, request_id, time.perf_counter() - started)

    def _named(self, given: str) -> str:
        """Return the name of a request: the client's, or one that nobody else gives."""
        return given if _REQUEST_ID.fullmatch(given) else f"{self._prefix}-{next(self._numbers):x}"

    def _record(self, scope: Scope, answer: _Answer, request_id: str, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", _OTHER)
        self._figures.count(scope["method"], route, answer.status, seconds)
        if self._writer is None:
            return
        self._clock.adjust()
        peer, state = scope.get("client"), scope["state"]
        facts = {
            "time": self._clock.text(time.perf_counter()),
            "request_id": request_id,
            "client": state.get("client") or (peer[0] if peer else "unix"),
            "user": state.get("user", ""),
            "method": scope["method"],
            "path": scope["path"],
            "status": answer.status,
            "bytes": answer.size,
            "milliseconds": round(seconds * 1000, 1),
            "user_agent": Headers(scope=scope).get("user-agent", ""),
        }
        self._writer.write(_ENCODER.encode(facts) + b"\n" if self._json else _text(facts))


def _complete(headers: MutableHeaders, request_id: str) -> None:
    """Add what every answer has; pages have a policy of their own."""
    headers["x-request-id"] = request_id
    for name, value in _SAFE_HEADERS.items():
        headers.setdefault(name, value)


def _text(facts: dict[str, object]) -> bytes:
    """Return a line for people: a field a word, of which none has anything odd in it."""
    words = [harmless(str(value)) or "-" for value in facts.values()]
    return (" ".join(words) + "\n").encode()
