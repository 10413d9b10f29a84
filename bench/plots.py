"""Draws the figures for docs/performance.md: what was measured, as far as it was."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench import growth, local, pack_sides
from bench.drawing import Bars, Curves, Picture, draw_bars, draw_curves
from bench.report import Line, read_lines
from bench.targets import median_of
from integration.lab import ROOT

IMAGES = ROOT / "docs/images"
_PACK_SIDES = (
    pack_sides.EMPTY,
    pack_sides.GOBP,
    pack_sides.OFFLINE,
    pack_sides.SEED,
    pack_sides.PAKETO,
)
_LOCAL_SIDES = (local.GOBP, local.PUBLISH, local.KO, local.GO, local.GO_PIE, local.LIFECYCLE)
_SECONDS = "seconds (median)"
_MEGABYTE = 1_000_000


def draw_all(folder: Path, images: Path = IMAGES) -> None:
    """Draw every picture that there are figures for in ``folder``; say what is left out."""
    images.mkdir(parents=True, exist_ok=True)
    pack = read_lines(folder, "pack")
    for app in _names(pack, "app"):
        _draw_pack(app, [line for line in pack if line["app"] == app], images)
    beside = read_lines(folder, "local")
    for app in _names(beside, "app"):
        _draw_local(app, [line for line in beside if line["app"] == app], images)
    _draw_cache(read_lines(folder, "layers", test="cache", layer="all"), images)
    _draw_growth(read_lines(folder, "growth"), images)


def _draw_pack(app: str, lines: Sequence[Line], images: Path) -> None:
    series = _medians(lines, "side", _PACK_SIDES, pack_sides.CASES)
    picture = Picture(f"pack build of {app}: seconds, less is better", _SECONDS)
    _bars(picture, pack_sides.CASES, series, images / f"performance-pack-{app}.svg")


def _draw_local(app: str, lines: Sequence[Line], images: Path) -> None:
    cases = ("no change", "edit")
    series = _medians(lines, "side", _LOCAL_SIDES, cases)
    picture = Picture(f"{app} without Docker: seconds, less is better", _SECONDS)
    _bars(picture, cases, series, images / f"performance-local-{app}.svg")


def _draw_cache(lines: Sequence[Line], images: Path) -> None:
    series = {
        side: _points(lines, side, "edit", "bytes", _MEGABYTE) for side in _names(lines, "side")
    }
    picture = Picture("Cached layers of age, one edit after the other", "MB", "edits")
    _curves(picture, series, images / "performance-cache.svg", log=False)


def _draw_growth(lines: Sequence[Line], images: Path) -> None:
    sides = (growth.GO, growth.GOBP, growth.BUILD)
    for along, sizes in (("packages", growth.PACKAGES), ("commands", growth.COMMANDS)):
        names = {str(size) for size in sizes}
        for case, words in (("all", "all edited"), ("edit", "one edited")):
            chosen = [line for line in lines if line["size"] in names and line["case"] == case]
            series = {side: _points(chosen, side, along, "seconds", 1) for side in sides}
            picture = Picture(f"Time as {along} grow, {words}", _SECONDS, along)
            _curves(picture, series, images / f"performance-growth-{along}-{case}.svg", log=True)


def _medians(lines: Sequence[Line], key: str, names: Iterable[str], cases: Sequence[str]) -> Bars:
    """Return the median seconds of each case by name; names that were not measured are left out."""
    series = {
        name: [
            median_of([line for line in lines if line[key] == name and line["case"] == case])
            for case in cases
        ]
        for name in names
    }
    return {name: values for name, values in series.items() if any(values)}


def _points(
    lines: Sequence[Line], side: str, along: str, figure: str, unit: int
) -> list[tuple[float, float]]:
    """Return the medians of a side by what they grow along."""
    own = [line for line in lines if line["side"] == side]
    points = []
    for place in sorted({float(line[along]) for line in own}):
        median = median_of([line for line in own if line[along] == place], figure)
        if median is not None:
            points.append((place, median / unit))
    return points


def _names(lines: Sequence[Line], key: str) -> list[str]:
    return list(dict.fromkeys(str(line[key]) for line in lines))


def _bars(picture: Picture, groups: Sequence[str], series: Bars, path: Path) -> None:
    if series:
        draw_bars(picture, groups, series, path)
    _say(path, drawn=bool(series))


def _curves(picture: Picture, series: Curves, path: Path, *, log: bool) -> None:
    drawn = {side: points for side, points in series.items() if points}
    if drawn:
        draw_curves(picture, drawn, path, log=log)
    _say(path, drawn=bool(drawn))


def _say(path: Path, *, drawn: bool) -> None:
    print(f"{'drew' if drawn else 'no figures for'} {path.name}")
