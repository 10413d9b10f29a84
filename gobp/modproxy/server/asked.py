"""A request as the steps of the server see it."""

import itertools
import re
import secrets
from dataclasses import dataclass
from typing import Protocol

from gobp.modproxy.access.principal import Principal
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.protocol.requests import Request
from gobp.modproxy.server.rsgi import HttpProtocol, RequestHeaders, Scope

OTHER = "other"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}", re.ASCII)


@dataclass(slots=True)
class Asked:
    """A request. ``path`` is decoded, without the base path and the leading slash.

    ``client`` is an address without port, ``host`` what the client calls this server. What has a
    default is found out on the way: the request of the protocol, what the log calls it, who asks;
    ``private`` says that the answer is not for everybody.
    """

    method: str
    path: str
    query: str
    headers: RequestHeaders
    body: HttpProtocol
    client: str
    request_id: str
    scheme: str
    host: str
    request: Request | None = None
    kind: str = OTHER
    user: str = ""
    private: bool = False

    @property
    def reads(self) -> bool:
        """Whether it is a GET or HEAD."""
        return self.method in {"GET", "HEAD"}


class Open(Protocol):
    """A step before it is known who asks."""

    async def answer(self, asked: Asked) -> Answer | None:
        """Return the answer, None for what is not this step's."""
        ...


class Step(Protocol):
    """A step that knows who asks."""

    async def answer(self, asked: Asked, principal: Principal) -> Answer | None:
        """Return the answer, None for what is not this step's."""
        ...


class RequestIds:
    """Names requests: as the client does, or else by a number that no other worker gives."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(5)
        self._numbers = itertools.count(1)

    def of(self, headers: RequestHeaders) -> str:
        """Return the name of a request."""
        given = headers.get("x-request-id")
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given
        return f"{self._prefix}-{next(self._numbers):x}"


def client_of(scope: Scope) -> str:
    """Return the address of the client without its port; ``unix`` for a socket without one."""
    return scope.client.rpartition(":")[0].strip("[]") or "unix"
