"""Which version of Go is wanted: every source that names one, in order of priority."""

from collections.abc import Iterable
from dataclasses import dataclass

from gobp.cnb.buildpack_plan import Entry

PRIORITIES = (
    "BP_GO_VERSION",
    "+heroku goVersion",
    "go.work toolchain",
    "go.work",
    "go.mod toolchain",
    "go.mod",
    ".go-version",
    ".tool-versions",
)
DEFAULT = "default"
_UNKNOWN = "<unknown>"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source and the constraint it names, as the user wrote it."""

    source: str
    version: str


def version_candidates(entries: Iterable[Entry], default: str) -> tuple[Candidate, ...]:
    """Return who names a version of Go, the one to follow first; the default comes last."""
    named = {
        Candidate(str(entry.metadata.get("version-source") or _UNKNOWN), version): None
        for entry in entries
        if isinstance(version := entry.metadata.get("version"), str) and version.strip()
    }
    ordered = sorted(named, key=lambda candidate: _rank(candidate.source))
    return (*ordered, Candidate(DEFAULT, default))


def _rank(source: str) -> int:
    return PRIORITIES.index(source) if source in PRIORITIES else len(PRIORITIES)


def table(candidates: Iterable[Candidate]) -> list[str]:
    """Return the candidates as aligned lines for the log."""
    rows = list(candidates)
    width = max(len(row.source) for row in rows)
    return [f'{row.source.ljust(width)} -> "{row.version}"' for row in rows]
