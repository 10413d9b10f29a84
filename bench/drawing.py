"""Two kinds of picture, as SVG files that are the same for the same figures: bars and curves."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, StrMethodFormatter

_DARK, _BLUE, _LIGHT, _PALE = "#123f66", "#1f6fb2", "#6aaede", "#b7d7ee"
_COLOURS = {  # gobp is blue wherever it is
    "gobp": _DARK,
    "gobp offline": _BLUE,
    "gobp build": _BLUE,
    "gobp seed": _LIGHT,
    "gobp build --publish": _LIGHT,
    "bin/build": _LIGHT,
    "lifecycle": _PALE,
    "paketo offline": "#d1603d",
    "ko build": "#d1603d",
    "go build": "#7a7a7a",
    "go build -buildmode=pie": "#b0b0b0",
    "empty": "#cfcfcf",
}
_OTHER = "#9a9a9a"
_BARS_SHARE = 0.8  # of the room of a group
_NAMES_ROOM = 1.28  # of what is highest: the legend stands above it

Bars = Mapping[str, Sequence[float | None]]
Curves = Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's title, the unit of its upright axis, and what its other axis shows."""

    title: str
    unit: str
    along: str = ""


def draw_bars(
    picture: Picture,
    groups: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    path: Path,
) -> None:
    """Draw a bar for each group and side, with its number on it; None is left out."""
    with _style():
        figure, axes = _figure(picture)
        width = _BARS_SHARE / len(series)
        highest = 0.0
        for index, (side, values) in enumerate(series.items()):
            shift = (index - (len(series) - 1) / 2) * width
            found = [(at + shift, value) for at, value in enumerate(values) if value is not None]
            places, heights = [at for at, _ in found], [value for _, value in found]
            highest = max([highest, *heights])
            bars = axes.bar(places, heights, width * 0.92, label=side, color=_colour(side))
            axes.bar_label(bars, [_number(value) for value in heights], fontsize=8, padding=1)
        axes.set_xticks(range(len(groups)), groups)
        axes.set_ylim(0, highest * _NAMES_ROOM)
        _save(figure, axes, path)


def draw_curves(picture: Picture, series: Curves, path: Path, *, log: bool) -> None:
    """Draw a curve for each side through its points (along, upright), both logarithmic or not."""
    with _style():
        figure, axes = _figure(picture)
        for side, points in series.items():
            places, heights = zip(*points, strict=True)
            axes.plot(places, heights, marker="o", markersize=4, label=side, color=_colour(side))
        if log:
            axes.set_xscale("log")
            axes.set_yscale("log")
            ticks = sorted({at for points in series.values() for at, _ in points})
            axes.set_xticks(ticks, [f"{at:g}" for at in ticks], minor=False)
            axes.minorticks_off()
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        else:
            axes.set_ylim(0, _NAMES_ROOM * max(axes.get_ylim()))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _save(figure, axes, path)


def _style() -> AbstractContextManager[None]:
    """Return the settings of all pictures, in force while the context is."""
    return mpl.rc_context(
        {
            "svg.hashsalt": "gobp",  # names inside the file would differ from run to run
            "svg.fonttype": "none",  # text stays text
            "font.family": "sans-serif",
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


def _figure(picture: Picture) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(picture.title, loc="left", fontsize=11)
    axes.set_ylabel(picture.unit)
    axes.set_xlabel(picture.along)
    return figure, axes


def _save(figure: Figure, axes: Axes, path: Path) -> None:
    axes.legend(frameon=False, ncols=3, fontsize=9, loc="upper center")
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.savefig(path, format="svg", metadata={"Date": None})


def _colour(side: str) -> str:
    return _COLOURS.get(side, _OTHER)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
