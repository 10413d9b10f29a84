"""One request in the log: its facts, and its line as text or JSON.

What a client sends (path, user agent) is written so that no control character of it
reaches a line. Queries and the Authorization header are never among the facts.
"""

import json
import time
from functools import lru_cache
from typing import NamedTuple

import msgspec

from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import ModuleFile

_LONGEST = 500  # characters of what a client sent


class Record(NamedTuple):
    """A request that was answered.

    ``ended`` is by the clock time.perf_counter; ``seconds`` is how long it took; ``size`` the bytes
    of the body that were to be sent; ``kind`` is list, latest, info, mod, zip, query, sumdb or
    other; ``user`` is empty for nobody in particular; ``request_id`` has no odd character;
    ``trace`` is the traceparent header, or ""; ``file`` what was asked for, where that is a file
    of a version.
    """

    ended: float
    seconds: float
    status: int
    size: int
    kind: str
    origin: Origin
    method: str
    path: str
    user: str
    client: str
    request_id: str
    agent: str
    trace: str
    file: ModuleFile | None


class Clock:
    """Gives the wall clock's time, RFC 3339 in UTC, for a time of perf_counter."""

    def __init__(self) -> None:
        self._offset = time.time() - time.perf_counter()
        self._millisecond = -1
        self._text = ""

    def adjust(self) -> None:
        """Follow the wall clock where it was set; call it now and then."""
        self._offset = time.time() - time.perf_counter()

    def text(self, moment: float) -> str:
        """Return such as ``2026-11-21T18:31:42.123Z``."""
        millisecond = int((moment + self._offset) * 1000)
        if millisecond != self._millisecond:  # many requests end in the same one
            self._millisecond = millisecond
            second, rest = divmod(millisecond, 1000)
            day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._text = f"{day}.{rest:03d}Z"
        return self._text


def text_line(record: Record, clock: Clock) -> str:
    """Return a request as a line for people; fields in a fixed order, what is empty is ``-``.

    They are: time, request id, client, user, method, path, status, origin, bytes, milliseconds,
    "user agent", and the traceparent header if there is one.
    """
    (
        ended,
        seconds,
        status,
        size,
        _,
        origin,
        method,
        path,
        user,
        client,
        name,
        agent,
        trace,
        file,
    ) = record
    if file is None:  # the path of a file has been found good
        path = harmless(path)
    line = (
        f"{clock.text(ended)} {name} {client} {harmless(user) if user else '-'} {method} {path} "
        f'{status} {origin} {size} {seconds * 1000:.1f}ms "{_quoted(agent)}"'
    )
    return f"{line} {harmless(trace)}\n" if trace else f"{line}\n"


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    time: str
    request_id: str
    client: str
    user: str | None
    method: str
    path: str
    status: int
    origin: str
    bytes: int
    milliseconds: float
    user_agent: str
    kind: str
    traceparent: str = ""


_ENCODER = msgspec.json.Encoder()


def json_line(record: Record, clock: Clock) -> str:
    """Return a request as a line of JSON."""
    line = _Line(
        time=clock.text(record.ended),
        request_id=record.request_id,
        client=record.client,
        user=_printable(record.user) or None,
        method=record.method,
        path=_printable(record.path),
        status=record.status,
        origin=record.origin,
        bytes=record.size,
        milliseconds=round(record.seconds * 1000, 1),
        user_agent=_printable(record.agent),
        kind=record.kind,
        traceparent=_printable(record.trace),
    )
    return f"{_ENCODER.encode(line).decode()}\n"


def harmless(text: str) -> str:
    """Return what a client sent as one field: no space, quote, control character, undue length."""
    return _quoted(text).replace(" ", "\\u0020")


@lru_cache(4096)
def _quoted(text: str) -> str:
    """Return what a client sent as the inside of a quoted field, written as in a JSON string."""
    plain = text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
    if plain and len(text) <= _LONGEST:
        return text
    return json.dumps(text[:_LONGEST])[1:-1].replace("\x7f", "\\u007f")


def _printable(text: str) -> str:
    """Return what a client sent as a text of JSON: as it is, but for what does not print."""
    if text.isprintable() and len(text) <= _LONGEST:
        return text
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)[
        :_LONGEST
    ]
