"""Targets are met or missed by medians of what was measured, and missing figures are said."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bench.targets import TARGETS, print_targets


def figures(folder: Path, bench: str, lines: Sequence[Mapping[str, object]]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{bench}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def pack_figures(folder: Path, case: str, seconds: Mapping[str, Sequence[float]]) -> None:
    lines = [
        {"app": "age", "case": case, "side": side, "round": number, "seconds": each}
        for side, measured in seconds.items()
        for number, each in enumerate(measured)
    ]
    figures(folder, "pack", lines)


def measured(folder: Path, name: str) -> float | None:
    (target,) = [each for each in TARGETS if each.name == name]
    return target.measure(folder)


def test_a_ratio_is_one_of_medians(tmp_path: Path) -> None:
    pack_figures(tmp_path, "no change", {"gobp offline": [2, 9, 3], "paketo offline": [20, 10, 30]})

    assert measured(tmp_path, "pack no change / Paketo, age") == pytest.approx(0.15)


def test_each_app_has_its_own_verdict(tmp_path: Path) -> None:
    pack_figures(tmp_path, "cold", {"gobp offline": [2], "paketo offline": [4]})

    assert measured(tmp_path, "pack cold / Paketo, age") == pytest.approx(0.5)
    assert measured(tmp_path, "pack cold / Paketo, yq") is None


def test_the_floor_is_taken_off(tmp_path: Path) -> None:
    pack_figures(tmp_path, "no change", {"gobp offline": [2.5], "empty": [1.0]})

    assert measured(tmp_path, "pack no change, above an empty buildpack, age") == pytest.approx(1.5)


def test_growth_is_compared_to_gos_own(tmp_path: Path) -> None:
    seconds = {("go build", 10): 1, ("go build", 100): 5, ("bin/build", 10): 2}
    seconds[("bin/build", 100)] = 8
    lines = [
        {"size": f"{at}", "packages": at, "commands": 1, "case": "all", "side": side, "seconds": s}
        for (side, at), s in seconds.items()
    ]
    figures(tmp_path, "growth", lines)

    name = "growth of bin/build, all, 10 to 100 packages / go build's"
    assert measured(tmp_path, name) == pytest.approx(0.8)


def test_own_time_is_a_share_of_the_whole_build(tmp_path: Path) -> None:
    line = {"test": "process", "case": "cold", "round": 0, "seconds": 20.0, "own_s": 0.5}
    figures(tmp_path, "layers", [line])

    assert measured(tmp_path, "own time in a cold build") == pytest.approx(2.5)


def test_what_was_not_measured_is_said_and_never_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_targets(tmp_path)

    rows = capsys.readouterr().out.splitlines()[2:]
    assert all(row.endswith("not measured") for row in rows if row)
    assert sum(bool(row) for row in rows) == len(TARGETS)


def test_a_target_above_its_bound_is_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack_figures(tmp_path, "edit", {"gobp offline": [5], "paketo offline": [10]})

    print_targets(tmp_path)

    rows = capsys.readouterr().out.splitlines()
    (row,) = [row for row in rows if "one edit / Paketo, age" in row]
    assert row.split()[-3:] == ["0.4", "0.50", "missed"]
