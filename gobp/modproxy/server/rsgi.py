"""What granian hands to an application (https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md)."""

from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

Headers = list[tuple[str, str]]


class RequestHeaders(Protocol):
    """The headers of a request; names in lower case."""

    def __contains__(self, key: str) -> bool:
        """Say whether there is a header."""
        ...

    def get(self, key: str, default: str | None = None) -> str | None:
        """Return the value of a header."""
        ...


class Scope(Protocol):
    """A request but for its body."""

    proto: str
    method: str
    path: str
    query_string: str
    scheme: str
    client: str
    authority: str | None
    headers: RequestHeaders


class HttpProtocol(Protocol):
    """The way to read a request's body and to answer it, once."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body in parts."""
        ...

    def client_disconnect(self) -> Awaitable[None]:
        """Wait until the client has left."""
        ...

    def response_empty(self, status: int, headers: Headers) -> None:
        """Answer without a body."""
        ...

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer with these bytes."""
        ...

    def response_file(self, status: int, headers: Headers, file: str) -> None:
        """Answer with a file."""
        ...

    def response_file_range(
        self, status: int, headers: Headers, file: str, start: int, end: int
    ) -> None:
        """Answer with the bytes from start to before end of a file."""
        ...
