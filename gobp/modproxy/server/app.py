"""One worker: requests in, answers out, each noted in the journal."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from gobp.modproxy.access.access import Access
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.log.records import Record, harmless
from gobp.modproxy.protocol.answers import Answer, Keep, Origin, failure
from gobp.modproxy.protocol.requests import Latest, ModuleFile, Query, VersionList
from gobp.modproxy.server.asked import Asked, Open, RequestIds, Step, client_of
from gobp.modproxy.server.journal import Journal
from gobp.modproxy.server.modules import module_of
from gobp.modproxy.server.ready import ReadyAnswers
from gobp.modproxy.server.rsgi import HttpProtocol, Scope
from gobp.modproxy.server.sending import etag_of, headers_of, send
from gobp.modproxy.server.small_files import LARGEST, Ready, SmallFiles

_LOG = logging.getLogger(__name__)
_FILE_SECONDS = 300.0  # after it a file is read again: it may have been found broken and removed
_ANSWER_SECONDS = 0.25  # for what may change: enough to bear any number of requests
_TROUBLE = 500
_CHANGING = (VersionList, Latest, Query)


class App:
    """The RSGI application of a worker.

    What is asked for often is answered from ``small``. All else goes through the steps: those of
    ``opens`` before it is asked who is there, then ``steps``, of which the last answers anything.
    """

    def __init__(  # noqa: PLR0913 # its collaborators, all by name
        self,
        *,
        base_path: str,
        access: Access,
        opens: Sequence[Open],
        steps: Sequence[Step],
        small: SmallFiles,
        journal: Journal,
        changing_seconds: float,
    ) -> None:
        """``changing_seconds`` is how long lists are believed; here never longer than that."""
        self._base = f"{base_path}/"
        self._access = access
        self._opens = opens
        self._steps = steps
        self._small = small
        self._journal = journal
        self._changing_seconds = min(_ANSWER_SECONDS, changing_seconds)
        self._ids = RequestIds()
        self._ready = ReadyAnswers(small, access, journal, self._ids)

    async def __rsgi__(self, scope: Scope, protocol: HttpProtocol) -> None:
        """Answer one request."""
        started = perf_counter()
        if scope.method == "GET" and self._ready.send(scope, protocol, started):
            return
        asked = self._asked(scope, protocol)
        answer = self._with_small_content(await self._answer(scope, asked), asked)
        if answer.status >= _TROUBLE:
            _tell_of_trouble(asked, answer)
        self._keep_ready(scope.path, asked, answer, started)
        status, size = 500, 0
        try:
            status, size = await send(answer, asked, protocol)
        finally:
            self._note(scope, asked, (status, size, answer.origin), started)

    def _asked(self, scope: Scope, protocol: HttpProtocol) -> Asked:
        path = scope.path
        return Asked(
            method=scope.method,
            path=path.removeprefix(self._base) if path.startswith(self._base) else path[1:],
            query=scope.query_string,
            headers=scope.headers,
            body=protocol,
            client=client_of(scope),
            request_id=self._ids.of(scope.headers),
            scheme=scope.scheme,
            host=scope.authority or scope.headers.get("host") or "",
        )

    async def _answer(self, scope: Scope, asked: Asked) -> Answer:
        try:
            return await self._answer_by_steps(scope, asked)
        except Exception:  # noqa: BLE001 # a bug in one request must not be silence for its client
            _LOG.exception("request %s failed; this is a bug in gobp", asked.request_id)
            return failure(500, f"an internal error; its request id is {asked.request_id}")

    async def _answer_by_steps(self, scope: Scope, asked: Asked) -> Answer:
        for opened in self._opens:
            answer = await opened.answer(asked)
            if answer is not None:
                return answer
        if not scope.path.startswith(self._base):
            return failure(404, f"not found: modules are served below {self._base}")
        who = await self._access.identify(
            asked.headers.get("authorization"), asked.client, asked.request_id
        )
        if not isinstance(who, Principal):
            return who
        asked.user = who.name
        for step in self._steps:
            answer = await step.answer(asked, who)
            if answer is not None:
                return answer
        return failure(404, "not found")

    def _with_small_content(self, answer: Answer, asked: Asked) -> Answer:
        """Return an answer that holds its content, where that is a small file."""
        body = answer.body
        if not isinstance(body, Path) or asked.kind == "zip":
            return answer
        try:
            small = body.stat().st_size <= LARGEST
            return dataclasses.replace(answer, body=body.read_bytes()) if small else answer
        except FileNotFoundError:  # removed just now: it is said where files are sent
            return answer

    def _keep_ready(self, path: str, asked: Asked, answer: Answer, now: float) -> None:
        """Keep what others will ask for too."""
        body, request = answer.body, asked.request
        if answer.status != 200 or request is None or not isinstance(body, bytes):
            return
        if answer.origin is Origin.STALE or answer.headers or answer.keep is Keep.NOT:
            return
        lasting = not isinstance(request, _CHANGING) and answer.keep is Keep.FOR_EVER
        seconds = _FILE_SECONDS if lasting else self._changing_seconds
        headers = [*headers_of(answer, private=asked.private), ("etag", etag_of(body))]
        file = request if isinstance(request, ModuleFile) else None
        ready = Ready(headers, body, module_of(request), asked.kind, file, now + seconds)
        self._small.put(path, ready)

    def _note(
        self, scope: Scope, asked: Asked, outcome: tuple[int, int, Origin], started: float
    ) -> None:
        """Put a request that was answered into the journal."""
        ended = perf_counter()
        status, size, origin = outcome
        self._journal.add(
            Record(
                ended,
                ended - started,
                status,
                size,
                asked.kind,
                origin,
                asked.method,
                scope.path,
                asked.user,
                asked.client,
                asked.request_id,
                asked.headers.get("user-agent") or "",
                asked.headers.get("traceparent") or "",
                asked.request if isinstance(asked.request, ModuleFile) else None,
            )
        )


def _tell_of_trouble(asked: Asked, answer: Answer) -> None:
    """Write why a client gets 5xx; its request is in the request log by the same name."""
    text = answer.body.decode("utf-8", "replace") if isinstance(answer.body, bytes) else ""
    first = text.partition("\n")[0]
    _LOG.warning(
        "request %s: %d %s: %s", asked.request_id, answer.status, harmless(asked.path), first
    )
