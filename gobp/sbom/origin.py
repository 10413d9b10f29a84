"""Who made a document and when, and names that follow from what it holds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

TOOL = "gobp"
_NO_TIME = 0  # seconds since 1970: what stands where a format must have a time and none is given


@dataclass(frozen=True, slots=True)
class Origin:
    """The version of gobp, and SOURCE_DATE_EPOCH in seconds since 1970, None where not set."""

    version: str
    epoch: int | None = None

    @property
    def created(self) -> str:
        """The time as ISO 8601 in UTC; 1970 where none is given, so that bytes stay the same."""
        moment = datetime.fromtimestamp(_NO_TIME if self.epoch is None else self.epoch, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def as_text(document: Mapping[str, object]) -> str:
    """Return a document as JSON, with sorted keys."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def digest(document: Mapping[str, object]) -> str:
    """Return a name of what a document holds, in 64 hex digits."""
    text = json.dumps(document, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def uuid_of(document: Mapping[str, object]) -> str:
    """Return a UUID (RFC 9562, version 8: bits of one's own choice) of what a document holds."""
    bits = digest(document)
    return f"{bits[:8]}-{bits[8:12]}-8{bits[12:15]}-8{bits[15:18]}-{bits[18:30]}"
