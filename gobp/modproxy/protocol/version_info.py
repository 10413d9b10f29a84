"""The .info file of a version: its name, time and origin (https://go.dev/ref/mod#goproxy-protocol)."""

import json
from dataclasses import dataclass

_MOST_BYTES = 1024 * 1024


class BadVersionInfoError(ValueError):
    """An .info file is not what the protocol has; the text says why."""


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A version, when it was made (RFC 3339, or ""), and the bytes that say so.

    The bytes are served as they came, so that ``Origin`` and what is not known yet are kept.
    """

    version: str
    time: str
    content: bytes

    @classmethod
    def parse(cls, content: bytes) -> "VersionInfo":
        """Return what the bytes say. Raises BadVersionInfoError."""
        if len(content) > _MOST_BYTES:
            raise BadVersionInfoError("it is larger than 1 MiB")
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            raise BadVersionInfoError("it is not JSON") from None
        if not isinstance(document, dict) or not isinstance(document.get("Version"), str):
            raise BadVersionInfoError("it names no Version")
        time = document.get("Time", "")
        if not isinstance(time, str):
            raise BadVersionInfoError("its Time is no text")
        return cls(document["Version"], time, content)

    @classmethod
    def make(cls, version: str, time: str, origin: dict[str, str] | None = None) -> "VersionInfo":
        """Return the info of a version that is known by other means than such a file."""
        document: dict[str, object] = {"Version": version}
        if time:
            document["Time"] = time
        if origin:
            document["Origin"] = origin
        return cls(version, time, json.dumps(document, separators=(",", ":")).encode())
