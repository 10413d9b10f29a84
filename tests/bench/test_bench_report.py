"""What benches keep is read again, of two figures about the same the later."""

from pathlib import Path

import pytest

from bench import report
from bench.report import keep_in, read_lines, record, recorded


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report._Output, "folder", None)
    keep_in(tmp_path / "figures")
    return tmp_path / "figures"


def test_a_figure_is_printed_and_kept(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(bench="pack", case="cold", side="gobp", round=0, seconds=1.5)

    assert capsys.readouterr().out == (output / "pack.jsonl").read_text()
    assert recorded("pack", side="gobp") == [
        {"bench": "pack", "case": "cold", "side": "gobp", "round": 0, "seconds": 1.5}
    ]


def test_a_bench_sees_only_its_own_figures(output: Path) -> None:
    record(bench="pack", side="gobp", seconds=1.5)

    assert read_lines(output, "local") == []
    assert recorded("pack", side="paketo offline") == []


def test_the_later_of_two_figures_about_the_same_counts(output: Path) -> None:
    for number, seconds in ((0, 5.0), (1, 6.0), (0, 7.0)):
        record(bench="pack", case="cold", side="gobp", round=number, seconds=seconds)

    assert [line["seconds"] for line in read_lines(output, "pack")] == [7.0, 6.0]


def test_a_line_that_was_cut_off_is_left_out(output: Path) -> None:
    record(bench="pack", round=0, seconds=1.5)
    with (output / "pack.jsonl").open("a") as file:
        file.write('{"bench": "pack", "rou')

    assert len(read_lines(output, "pack")) == 1


def test_a_bench_that_is_forgotten_has_no_figures(output: Path) -> None:
    record(bench="pack", round=0, seconds=1.5)

    report.forget("pack")

    assert recorded("pack") == []
