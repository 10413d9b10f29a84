"""Answers from memory: the way of nearly all requests, so it is short."""

from time import perf_counter

from gobp.modproxy.access.access import Access
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.log.records import Record
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.server.asked import RequestIds, client_of
from gobp.modproxy.server.journal import Journal
from gobp.modproxy.server.rsgi import HttpProtocol, Scope
from gobp.modproxy.server.small_files import Ready, SmallFiles


class ReadyAnswers:
    """Sends what ``small`` has to those who may have it."""

    def __init__(
        self, small: SmallFiles, access: Access, journal: Journal, ids: RequestIds
    ) -> None:
        self._small = small
        self._access = access
        self._journal = journal
        self._ids = ids

    def send(self, scope: Scope, protocol: HttpProtocol, started: float) -> bool:
        """Answer a GET request; return False if that cannot be done from memory.

        ``started`` is by time.perf_counter.
        """
        path, headers = scope.path, scope.headers
        entry = self._small.get(path, started)
        if entry is None or "if-none-match" in headers:
            return False
        reader = self._access.recall(headers.get("authorization"))
        if reader is None or (reader is not entry.reader and not _may_have(reader, entry)):
            return False
        request_id = self._ids.of(headers)
        protocol.response_bytes(200, [*entry.headers, ("x-request-id", request_id)], entry.body)
        ended = perf_counter()
        self._journal.add(
            Record(
                ended,
                ended - started,
                200,
                len(entry.body),
                entry.kind,
                Origin.TREE,
                "GET",
                path,
                reader.name,
                client_of(scope),
                request_id,
                headers.get("user-agent") or "",
                headers.get("traceparent") or "",
                entry.file,
            )
        )
        return True


def _may_have(reader: Principal, entry: Ready) -> bool:
    """Say whether an entry is for who asks, and note it, as the next may be the same."""
    if entry.module and not reader.may_read(entry.module):
        return False
    entry.reader = reader
    return True
