"""What every bench prints: a JSON line for each figure, then a table for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from integration.lab import ROOT, LabUnavailable

BUILDPACK = ROOT / "dist/buildpack"

Value = str | int | float


class Absent(Exception):  # noqa: N818 # a reason to skip a bench, not an error
    """What a bench needs is not on this machine; the text says what."""


def packaged() -> None:
    """See that there is a packaged buildpack to measure. Raises Absent."""
    if not BUILDPACK.is_dir():
        raise Absent(f"{BUILDPACK} is not there: run `make package`")


@contextmanager
def absent_lab() -> Iterator[None]:
    """Take a missing lab for a reason to skip the bench. Raises Absent."""
    try:
        yield
    except LabUnavailable as reason:
        raise Absent(str(reason)) from reason


def record(**fields: Value) -> None:
    """Print one JSON line, at once."""
    print(json.dumps(fields), flush=True)


def table(rows: Sequence[Mapping[str, Value]]) -> None:
    """Print rows of the same keys as a table; text is aligned left, numbers right."""
    names = list(rows[0])
    cells = [[_shown(row[name]) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    numeric = [not isinstance(rows[0][name], str) for name in names]
    print()
    for line in [names, *cells]:
        padded = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        print("  ".join(padded).rstrip())
    print(flush=True)


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else value
