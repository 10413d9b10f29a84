"""Bodies of requests are read before anybody works on them: at most so much, for so long."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gobp.buildservice.api.problems import Problem

_SECONDS = 30.0
_WITHOUT = {"GET", "HEAD", "OPTIONS"}


class BoundedBodies:
    """An application that is given whole bodies of at most so many bytes; 413 and 408 for others.

    ``most`` is for requests below ``hooks``: what a webhook sends is longer than an order.
    """

    def __init__(self, app: ASGIApp, *, usual: int, hooks: str, most: int) -> None:
        self._app = app
        self._usual = usual
        self._hooks = hooks
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if scope["type"] != "http" or scope["method"] in _WITHOUT:
            await self._app(scope, receive, send)
            return
        most = self._most if scope["path"].startswith(self._hooks) else self._usual
        try:
            body = await asyncio.wait_for(_read(receive, most), _SECONDS)
        except TimeoutError:
            problem = Problem(408, "slow", f"the body took longer than {_SECONDS:.0f} s")
            await problem.response()(scope, receive, send)
        else:
            if body is None:
                problem = Problem(413, "too-large", f"the body may have {most} bytes")
                await problem.response()(scope, receive, send)
            else:
                await self._app(scope, _given(body, receive), send)


async def _read(receive: Receive, most: int) -> bytes | None:
    """Return the body, None for one that is longer; what a client that left has sent is whole."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _given(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body once, and then what happens to the connection."""
    waiting = [body]

    async def give() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return give
