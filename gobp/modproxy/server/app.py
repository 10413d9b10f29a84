"""One worker: requests in, answers out."""

from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.protocol.answers import Answer, Streamed, failure
from gobp.modproxy.protocol.requests import CACHED_ONLY, NotOfTheProtocolError, parse_request
from gobp.modproxy.server.rsgi import HttpProtocol, Scope


class App:
    """The RSGI application of a worker."""

    def __init__(self, service: ModuleService) -> None:
        self._service = service

    async def __rsgi__(self, scope: Scope, protocol: HttpProtocol) -> None:
        """Answer one request."""
        answer = await self._answer(scope)
        headers = [
            ("content-type", answer.content_type),
            ("cache-control", answer.keep.value),
            *answer.headers,
        ]
        body = answer.body
        if isinstance(body, bytes):
            protocol.response_bytes(answer.status, headers, body)
        elif isinstance(body, Streamed):
            stream = protocol.response_stream(
                answer.status, [*headers, ("content-length", str(body.length))]
            )
            async for chunk in body.chunks:
                await stream.send_bytes(chunk)
        else:
            size = str(body.stat().st_size)
            protocol.response_file(answer.status, [*headers, ("content-length", size)], str(body))

    async def _answer(self, scope: Scope) -> Answer:
        path = scope.path.removeprefix("/")
        cached_only = path.startswith(CACHED_ONLY)
        try:
            request = parse_request(path.removeprefix(CACHED_ONLY))
        except NotOfTheProtocolError as error:
            return failure(404, f"not found: {error}")
        cached_only = cached_only or scope.headers.get("disable-module-fetch") == "true"
        return await self._service.answer(request, cached_only=cached_only)
