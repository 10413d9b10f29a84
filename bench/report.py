"""What every bench writes: a JSON line for each figure, kept in a file, then a table for people.

The lines of a bench lie in ``<output>/<bench>.jsonl``. A bench that takes minutes reads what is
there and goes on after it; of two lines about the same thing the later counts.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from integration.lab import ROOT, LabUnavailable

BUILDPACK = ROOT / "dist/buildpack"
OUTPUT = ROOT / "build/bench"

Value = str | int | float
Line = Mapping[str, Value]

_IDENTITY = ("test", "app", "case", "side", "layer", "edit", "size", "round")


class Absent(Exception):  # noqa: N818 # a reason to skip a bench, not an error
    """What a bench needs is not on this machine; the text says what."""


class _Output:
    """The folder that the lines of this run go to; none until it is told."""

    folder: Path | None = None


def keep_in(folder: Path) -> None:
    """Keep the lines of all benches in ``folder`` from now on."""
    folder.mkdir(parents=True, exist_ok=True)
    _Output.folder = folder


def forget(bench: str) -> None:
    """Remove the lines that a bench has left, so that it begins anew."""
    if _Output.folder:
        _file(_Output.folder, bench).unlink(missing_ok=True)


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
    """Print one JSON line, at once, and keep it; the field ``bench`` says in which file."""
    text = json.dumps(fields)
    print(text, flush=True)
    if _Output.folder and "bench" in fields:
        with _file(_Output.folder, str(fields["bench"])).open("a") as file:
            file.write(f"{text}\n")


def recorded(bench: str, **where: Value) -> list[Line]:
    """Return the lines of a bench, of this run and those before it, that have these fields."""
    return read_lines(_Output.folder, bench, **where) if _Output.folder else []


def seconds_by_side(bench: str, app: str, case: str) -> dict[str, list[float]]:
    """Return what a bench has measured of a case of an app: the seconds of each side's runs."""
    times: dict[str, list[float]] = {}
    for line in recorded(bench, app=app, case=case):
        times.setdefault(str(line["side"]), []).append(float(line["seconds"]))
    return times


def read_lines(folder: Path, bench: str, **where: Value) -> list[Line]:
    """Return the lines that a bench left in ``folder``; one of two about the same, the later.

    A line that was cut off when the bench was stopped is left out.
    """
    file = _file(folder, bench)
    lines: dict[tuple[object, ...], Line] = {}
    for text in file.read_text().splitlines() if file.is_file() else ():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if all(line.get(name) == value for name, value in where.items()):
            lines[tuple(line.get(name) for name in _IDENTITY)] = line
    return list(lines.values())


def table(rows: Sequence[Mapping[str, Value]]) -> None:
    """Print rows of the same keys as a table; text is aligned left, numbers right."""
    if not rows:
        return
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


def _file(folder: Path, bench: str) -> Path:
    return folder / f"{bench}.jsonl"


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else value
