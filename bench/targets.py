"""The targets that gobp is to reach, as ratios of medians, and what the figures say of each.

Nothing is measured here: figures that are missing are said to be missing.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apps import APPS
from bench.report import Line, Value, read_lines, table

_PACKAGES = (10, 100)  # between which growth is compared
# What `pack build` of each app is asked for: a name, the most, the case and gobp's side.
_PACK = (
    ("no change", 0.20, "no change", "gobp offline"),
    ("one edit", 0.40, "edit", "gobp offline"),
    ("cold", 0.70, "cold", "gobp offline"),
    ("cold with seed", 0.40, "cold", "gobp seed"),
    ("one more module", 0.50, "dependency", "gobp offline"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What is compared, the most that it may be, and how it is had from the figures' folder.

    ``measure`` returns None where a figure is missing.
    """

    name: str
    most: float
    unit: str
    measure: Callable[[Path], float | None]


def print_targets(folder: Path) -> None:
    """Print each target with what was measured, and whether it is met."""
    table(target_rows(folder))


def target_rows(folder: Path) -> list[dict[str, Value]]:
    """Return a row for each target: its name, the most it may be, what it is, and the verdict."""
    return [_row(target, folder) for target in TARGETS]


def _row(target: Target, folder: Path) -> dict[str, Value]:
    value = target.measure(folder)
    return {
        "target": target.name,
        "most": f"{target.most:g}{target.unit}",
        "measured": "-" if value is None else f"{value:.2f}{target.unit}",
        "verdict": _verdict(value, target.most),
    }


def _verdict(value: float | None, most: float) -> str:
    if value is None:
        return "not measured"
    return "met" if round(value, 2) <= most else "missed"  # as it is shown


def median_of(lines: Sequence[Line], figure: str = "seconds") -> float | None:
    """Return the median of a figure over lines; None for no lines."""
    return statistics.median(float(line[figure]) for line in lines) if lines else None


def ratio(one: float | None, other: float | None) -> float | None:
    """Return how large one figure is beside another; None where either is missing."""
    return one / other if one is not None and other else None


def _pack(app: str, case: str, side: str) -> Callable[[Path], float | None]:
    def measure(folder: Path) -> float | None:
        own, theirs = (
            median_of(read_lines(folder, "pack", app=app, case=case, side=each))
            for each in (side, "paketo offline")
        )
        return ratio(own, theirs)

    return measure


def _above_the_floor(folder: Path) -> float | None:
    """Return the seconds that gobp adds to an empty buildpack where nothing has changed."""
    own, floor = (
        median_of(read_lines(folder, "pack", app="age", case="no change", side=side))
        for side in ("gobp offline", "empty")
    )
    return own - floor if own is not None and floor is not None else None


def _local(app: str, case: str, other: str) -> Callable[[Path], float | None]:
    def measure(folder: Path) -> float | None:
        own, theirs = (
            median_of(read_lines(folder, "local", app=app, case=case, side=side))
            for side in ("gobp build", other)
        )
        return ratio(own, theirs)

    return measure


def _own_share(folder: Path) -> float | None:
    """Return how much of a cold bin/build is neither go nor download nor archives, in percent."""
    lines = read_lines(folder, "layers", test="process", case="cold")
    share = ratio(median_of(lines, "own_s"), median_of(lines))
    return None if share is None else 100 * share


def _detect(case: str) -> Callable[[Path], float | None]:
    def measure(folder: Path) -> float | None:
        return median_of(read_lines(folder, "detect", case=case, side="gobp"), "median_ms")

    return measure


def _cached(folder: Path, side: str, edit: int) -> float | None:
    lines = read_lines(folder, "layers", test="cache", side=side, edit=edit, layer="all")
    return median_of(lines, "bytes")


def _cache_beside_paketo(folder: Path) -> float | None:
    return ratio(_cached(folder, "gobp", 20), _cached(folder, "paketo offline", 20))


def _cache_growth(folder: Path) -> float | None:
    """Return the cache after twenty edits beside that after the first."""
    return ratio(_cached(folder, "gobp", 20), _cached(folder, "gobp", 1))


def _growth(case: str, side: str) -> Callable[[Path], float | None]:
    """Return a measure of how a side's time grows with packages, beside go's own growth."""

    def grown(folder: Path, who: str) -> float | None:
        small, large = (
            median_of(
                read_lines(folder, "growth", case=case, side=who, packages=packages, commands=1)
            )
            for packages in _PACKAGES
        )
        return ratio(large, small)

    return lambda folder: ratio(grown(folder, side), grown(folder, "go build"))


def _targets() -> Iterator[Target]:
    yield Target("pack no change, above an empty buildpack, age", 1.0, " s", _above_the_floor)
    for name, most, case, side in _PACK:
        for app in APPS:
            yield Target(f"pack {name} / Paketo, {app}", most, "", _pack(app, case, side))
    for case in ("no change", "edit"):
        measure = _local("age", case, "ko build")
        yield Target(f"gobp build {case} / ko build", 1.0, "", measure)
    measure = _local("nats-server", "edit", "go build")
    yield Target("gobp build edit / go build, nats-server", 1.15, "", measure)
    yield Target("own time in a cold build", 5, " %", _own_share)
    yield Target("bin/detect, app with go.mod", 30, " ms", _detect("go.mod app"))
    yield Target("bin/detect, no Go", 20, " ms", _detect("not applicable"))
    yield Target("cached bytes after 20 edits / Paketo", 0.5, "", _cache_beside_paketo)
    yield Target("cached bytes after 20 edits / after 1", 1.05, "", _cache_growth)
    for side in ("gobp build", "bin/build"):
        for case in ("all", "edit"):
            name = f"growth of {side}, {case}, 10 to 100 packages / go build's"
            yield Target(name, 1.0, "", _growth(case, side))


TARGETS = tuple(_targets())
