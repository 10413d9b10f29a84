"""What scripts read: the feed of new versions, and the catalog of all.

``/index`` is as that of Go's module index (https://index.golang.org), ``/catalog`` as that of
Athens (https://docs.gomods.io/intro/protocol).
"""

import json
import re
from datetime import UTC, datetime, timedelta

from gobp.modproxy.index.index import Entry, Index, IndexUnavailableError
from gobp.modproxy.pages.parameters import BadParameterError, Parameters
from gobp.modproxy.pages.reader import Reader
from gobp.modproxy.protocol.answers import JSON, Answer, failure

NDJSON = "application/x-ndjson"
MOST_IN_FEED = 2000
MOST_IN_CATALOG = 10_000
_IN_CATALOG = 1000
_RETRY_SECONDS = 10
_MOST_TOKEN = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_HEADERS = (("x-content-type-options", "nosniff"),)


class Feeds:
    """Answers for the feeds, with the modules that the reader may know of."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def answer(self, path: str, query: str, reader: Reader) -> Answer | None:
        """Return the answer to ``index`` or ``catalog``, None for every other path."""
        if path not in {"index", "catalog"}:
            return None
        try:
            parameters = Parameters(query)
            return (self._feed if path == "index" else self._catalog)(parameters, reader)
        except BadParameterError as error:
            return failure(400, str(error))
        except IndexUnavailableError:
            text = "the index cannot be read now; modules are served all the same"
            return failure(503, text, retry_after=_RETRY_SECONDS)

    def _feed(self, parameters: Parameters, reader: Reader) -> Answer:
        since = parse_time(parameters.text("since"))
        limit = parameters.number("limit", MOST_IN_FEED, MOST_IN_FEED)
        entries = self._index.feed(since, limit, reader.may_read)
        lines = (json.dumps(_feed_entry(entry), separators=(",", ":")) + "\n" for entry in entries)
        return Answer(200, NDJSON, "".join(lines).encode(), headers=_HEADERS)

    def _catalog(self, parameters: Parameters, reader: Reader) -> Answer:
        after = _parse_token(parameters.text("token"))
        size = parameters.number("pagesize", _IN_CATALOG, MOST_IN_CATALOG)
        entries = self._index.catalog(after, size, reader.may_read)
        document = {
            "modules": [{"module": entry.module, "version": entry.version} for entry in entries],
            "next": str(entries[-1].number) if len(entries) == size else "",
        }
        return Answer(200, JSON, json.dumps(document).encode(), headers=_HEADERS)


def parse_time(text: str) -> int:
    """Return the microseconds of the epoch of an RFC 3339 time, 0 for ""; BadParameterError else.

    What is finer than a microsecond is cut off, so that nothing is left out.
    """
    if not text:
        return 0
    error = BadParameterError(f"since is {text[:50]!r}, but must be like 2026-11-21T18:30:00Z")
    if not _RFC3339.fullmatch(text):
        raise error
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):  # such as a 13th month
        raise error from None


def format_time(microseconds: int) -> str:
    """Return the RFC 3339 form of microseconds of the epoch."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _feed_entry(entry: Entry) -> dict[str, str]:
    return {
        "Path": entry.module,
        "Version": entry.version,
        "Timestamp": format_time(entry.listed),
    }


def _parse_token(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) > _MOST_TOKEN:
        raise BadParameterError("token is not what the page before gave as next")
    return int(text[:20])
