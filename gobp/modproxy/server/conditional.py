"""Conditional and range requests, without effects (RFC 9110, sections 13 and 14)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII)
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a file from another.

    ``etag`` is strong, with its quotes; ``modified`` the time in whole seconds since 1970.
    """

    etag: str
    modified: int

    @property
    def last_modified(self) -> str:
        """Return the time as HTTP writes it."""
        return format_datetime(datetime.fromtimestamp(self.modified, UTC), usegmt=True)


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from ``start`` to before ``end`` of a file of ``size`` bytes."""

    start: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """Return the header of an answer that holds this part."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


class Unsatisfiable(Exception):  # noqa: N818 # an answer of the protocol, not a failure
    """No byte of the file is in the range that was asked for: 416."""


def not_modified(if_none_match: str | None, if_modified_since: str | None, at: Validators) -> bool:
    """Say whether the client has the file as it is: 304."""
    if if_none_match is not None:
        return if_none_match.strip() == "*" or at.etag in _TAG.findall(if_none_match)
    since = _seconds(if_modified_since)
    return since is not None and at.modified <= since


def part_wanted(wanted: str | None, if_range: str | None, at: Validators, size: int) -> Part | None:
    """Return the part of a file that is asked for, None for the whole. Raises Unsatisfiable.

    Several ranges, units other than bytes and what is not understood are answered with the whole.
    """
    match = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if match is None or not _same(if_range, at):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise Unsatisfiable
    return Part(start, end, size)


def _same(if_range: str | None, at: Validators) -> bool:
    """Say whether the part belongs to the file of which the client has the rest."""
    if if_range is None:
        return True
    if '"' in if_range:
        return if_range.strip() == at.etag
    return _seconds(if_range) == at.modified


def _seconds(date: str | None) -> int | None:
    if not date:
        return None
    try:
        return int(parsedate_to_datetime(date.strip()).timestamp())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
