"""Writes what was measured into docs/performance.md: the tables and pictures between its marks.

The words around them are written by people; a section for which there are no figures says so.
"""

import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench import growth, local, pack_sides
from bench.apps import APPS
from bench.report import Line, Value, read_lines
from bench.targets import median_of, target_rows
from integration.lab import ROOT

PAGE = ROOT / "docs/performance.md"
_SECTION = re.compile(r"(<!-- figures: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PROCESS = {
    "seconds": "seconds",
    "own_s": "gobp's own",
    "commands_s": "go and others",
    "download_s": "downloads",
    "archives_s": "archives",
    "peak_mb": "memory, MB",
}
_Row = Mapping[str, Value]


def write_page(folder: Path, page: Path = PAGE) -> None:
    """Put the figures of ``folder`` into the page."""
    page.write_text(with_figures(page.read_text(), folder, page.parent / "images"))


def with_figures(text: str, folder: Path, images: Path) -> str:
    """Return the page's text with each marked section made anew from the figures of ``folder``.

    ``images`` has the pictures; those that are missing are not shown.
    """

    def section(found: re.Match[str]) -> str:
        start, name, end = found.groups()
        bench, figures = _SECTIONS[name]
        blocks = list(figures(folder))
        blocks += [
            f"![{path.stem.replace('-', ' ')}](images/{path.name})"
            for path in sorted(images.glob(f"performance-{name}*.svg"))
            if blocks
        ]
        body = "\n\n".join(blocks) or f"Not measured yet: `python -m bench {bench}`."
        return f"{start}\n{body}\n\n{end}"

    return _SECTION.sub(section, text)


def _markdown(rows: Sequence[_Row]) -> Iterator[str]:
    """Yield a table of rows of the same keys, nothing for none."""
    if rows:
        cells = [list(rows[0]), ["---"] * len(rows[0])]
        cells += [[_cell(value) for value in row.values()] for row in rows]
        yield "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _cell(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else value


def _targets(folder: Path) -> Iterator[str]:
    rows = target_rows(folder)
    if any(row["verdict"] != "not measured" for row in rows):
        yield from _markdown(rows)


def _pack(folder: Path) -> Iterator[str]:
    lines = read_lines(folder, "pack")
    for app in APPS:
        own = [line for line in lines if line["app"] == app]
        yield from _by_case(f"{app}, seconds", own, pack_sides.CASES)


def _local(folder: Path) -> Iterator[str]:
    lines = read_lines(folder, "local")
    for app in APPS:
        own = [line for line in lines if line["app"] == app]
        yield from _by_case(f"{app}, seconds", own, local.CASES)


def _by_case(title: str, lines: Sequence[Line], cases: Iterable[str]) -> Iterator[str]:
    """Yield a table with a row for each side and a column for each case: median (minimum)."""
    rows = []
    for side in dict.fromkeys(str(line["side"]) for line in lines):
        row: dict[str, Value] = {title: side}
        for case in cases:
            chosen = [line for line in lines if line["side"] == side and line["case"] == case]
            row[case] = _median_and_least([float(line["seconds"]) for line in chosen])
        rows.append(row)
    yield from _markdown(rows)


def _median_and_least(seconds: Sequence[float]) -> str:
    if not seconds:
        return ""
    digits = 1 if min(seconds) >= 10 else 2
    return f"{statistics.median(seconds):.{digits}f} ({min(seconds):.{digits}f})"


def _cache(folder: Path) -> Iterator[str]:
    lines = read_lines(folder, "layers", test="cache")
    last = max((int(line["edit"]) for line in lines), default=0)
    yield from _markdown(
        [
            {
                "side": line["side"],
                "after edits": line["edit"],
                "layer": line["layer"],
                "files": line["files"],
                "MB": float(line["bytes"]) / 1_000_000,
            }
            for line in lines
            if line["edit"] == last or (line["edit"] == 1 and line["layer"] == "all")
        ]
    )


def _own(folder: Path) -> Iterator[str]:
    rows = []
    for case in ("cold", "no change"):
        lines = read_lines(folder, "layers", test="process", case=case)
        medians = {title: median_of(lines, name) for name, title in _PROCESS.items() if lines}
        known = {title: value for title, value in medians.items() if value is not None}
        if known:
            rows.append({"bin/build of age": case, **known})
    yield from _markdown(rows)


def _growth(folder: Path) -> Iterator[str]:
    lines = read_lines(folder, "growth")
    rows = []
    for size in dict.fromkeys((*growth.PACKAGES, *growth.COMMANDS)):
        for side in (growth.GO, growth.GOBP, growth.BUILD):
            own = [line for line in lines if line["size"] == str(size) and line["side"] == side]
            if own:
                row: dict[str, Value] = {"packages": size.packages, "programs": size.commands}
                row["seconds"] = side
                for case in growth.CASES:
                    chosen = [float(line["seconds"]) for line in own if line["case"] == case]
                    row[case] = _median_and_least(chosen)
                rows.append(row)
    yield from _markdown(rows)


def _detect(folder: Path) -> Iterator[str]:
    names = {"case": "bin/detect", "side": "of", "min_ms": "least, ms", "median_ms": "median, ms"}
    lines = read_lines(folder, "detect")
    yield from _markdown([{title: line[name] for name, title in names.items()} for line in lines])


# By the name of a section: the bench that measures it, and what yields its tables.
_SECTIONS: Mapping[str, tuple[str, Callable[[Path], Iterator[str]]]] = {
    "targets": ("pack local layers growth detect", _targets),
    "pack": ("pack", _pack),
    "local": ("local", _local),
    "cache": ("layers", _cache),
    "own": ("layers", _own),
    "growth": ("growth", _growth),
    "detect": ("detect", _detect),
}
