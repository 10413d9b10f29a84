"""The audit log: who was refused, who changed something. Never what they prove themselves with."""

import json
import os
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from gobp.modproxy.log.records import Record
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.settings.schema import Log
from gobp.serving.attempts import Bucket
from gobp.serving.writer import LineWriter

_LONGEST = 300  # characters of one value
_PLAIN = re.compile(r"[!#-\[\]-~]+", re.ASCII)  # printable, without blanks, quotes, backslashes
_USERINFO = re.compile(r"(?<=://)[^/\s]*@")
_FORBIDDEN = 403
_CREATED = 201
_OFF = "off"
_AT_ONCE, _A_SECOND = 20, 1.0


class Event(StrEnum):
    """What is recorded."""

    LOGIN_REFUSED = "login-refused"
    DENIED = "denied"
    PUBLISHED = "published"
    RELOADED = "reloaded"
    REMOVED = "removed"


_BY_ANYBODY = frozenset({Event.LOGIN_REFUSED, Event.DENIED})


class Lines(Protocol):
    """Takes lines (gobp.serving.writer.LineWriter)."""

    def write(self, chunk: bytes) -> None:
        """Have whole lines be written soon."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class AuditLog:
    """Writes a line an event, as JSON or text.

    Who is refused something could fill the disk with it. So there are at most some such lines a
    second; how many were left out is told by the next.
    """

    def __init__(
        self, lines: Lines, *, json_lines: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._lines = lines
        self._json = json_lines
        self._clock = clock
        self._buckets = {event: Bucket(_AT_ONCE, _A_SECOND) for event in _BY_ANYBODY}
        self._left_out = dict.fromkeys(_BY_ANYBODY, 0)

    def record(self, event: Event, **facts: str | int) -> None:
        """Record an event; facts that are empty are left out.

        The facts have these names: ``who`` (user or token), ``client`` (address), ``what`` (module
        and version, path or file), ``request`` (its id), ``reason``. A URL's user and password
        are taken out.
        """
        now = self._clock()
        if event in _BY_ANYBODY:
            bucket = self._buckets[event]
            if bucket.wait(now):
                self._left_out[event] += 1
                return
            bucket.take(now)
            facts["left_out"] = self._left_out[event]
            self._left_out[event] = 0
        moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        fields = {"time": moment.replace("+00:00", "Z"), "event": event.value}
        fields |= {name: _harmless(str(value)) for name, value in facts.items() if value}
        self._lines.write((self._line(fields) + "\n").encode())

    def note(self, records: Iterable[Record]) -> None:
        """Record those of some requests that matter here (a watcher of the journal)."""
        for record in records:
            event = _event_of(record)
            if event is not None:
                self.record(
                    event,
                    who=record.user,
                    client=record.client,
                    what=record.path,
                    request=record.request_id,
                )

    def close(self) -> None:
        """Write what is left."""
        self._lines.close()

    def _line(self, fields: dict[str, str]) -> str:
        if self._json:
            return json.dumps({"audit": True, **fields})
        moment, event, *facts = fields.items()
        words = [f"{name}={_word(value)}" for name, value in facts]
        return " ".join([moment[1], "audit", event[1], *words])


def _harmless(text: str) -> str:
    """Return a value without credentials and undue length."""
    return _USERINFO.sub("", text)[:_LONGEST]


def _word(text: str) -> str:
    """Return a value as one word of a line: in quotes, as JSON has it, where it is not plain."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


class AppendedLines:
    """Opens its file for each line: for processes that record something now and then."""

    def __init__(self, target: str) -> None:
        """``target`` is a path, or ``-`` for the standard output."""
        self._target = target

    def write(self, chunk: bytes) -> None:
        """See Lines.write. Raises OSError."""
        if self._target == "-":
            os.write(1, chunk)
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        file = os.open(self._target, flags, 0o640)
        try:
            os.write(file, chunk)
        finally:
            os.close(file)

    def close(self) -> None:
        """See Lines.close."""


def audit_log_of_worker(settings: Log) -> AuditLog:
    """Return the log that the settings name, written beside the requests. Raises OSError."""
    return AuditLog(LineWriter(_target(settings)), json_lines=settings.format == "json")


def audit_log_now_and_then(settings: Log) -> AuditLog:
    """Return the same for a process without requests: the main process, a command."""
    return AuditLog(AppendedLines(_target(settings)), json_lines=settings.format == "json")


def note_removed(settings: Log, files: Iterable[ModuleFile]) -> None:
    """Record files that a command has removed, where the settings name a file for it.

    Who did it is the user of the machine. Raises OSError.
    """
    if settings.audit:
        log = audit_log_now_and_then(settings)
        for file in files:
            log.record(Event.REMOVED, who=f"uid:{os.getuid()}", what=str(file))


def _target(settings: Log) -> str:
    return settings.audit or (settings.requests if settings.requests != _OFF else "-")


def _event_of(record: Record) -> Event | None:
    if record.origin is Origin.RULE and record.status == _FORBIDDEN:
        return Event.DENIED
    if record.method == "PUT" and record.status == _CREATED:
        return Event.PUBLISHED
    return None
