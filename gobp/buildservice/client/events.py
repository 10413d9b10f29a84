"""Server-sent events, read line by line (HTML standard, 9.2.6)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its kind, and its data."""

    kind: str
    data: str


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events of lines without their ends; one that is cut off is none."""
    kind = ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(kind or "message", "\n".join(data))
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
