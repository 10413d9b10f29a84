import os
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from gobp.modproxy.log.records import Record
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.server.figures import Figures, FiguresFolder, metrics_text


def record(
    *, kind: str = "mod", status: int = 200, seconds: float = 0.002, size: int = 10
) -> Record:
    origin = Origin.TREE
    return Record(
        1.0, seconds, status, size, kind, origin, "GET", "/m", "", "::1", "r", "", "", None
    )


def samples(text: bytes) -> dict[str, float]:
    """Return the samples of a text, by name and labels."""
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_figures_of_workers_are_added_up() -> None:
    one, other = Figures(), Figures()
    one.count([record(), record(status=404, size=0)])
    other.count([record(seconds=3.0, size=5), record(kind="zip")])
    other.count_upstream("zip", "found", 0.2)
    found = samples(metrics_text([(one, True), (other, True)]))
    assert found["gobp_modules_requests_total['200', 'hit', 'mod']"] == 2
    assert found["gobp_modules_requests_total['404', 'hit', 'mod']"] == 1
    assert found["gobp_modules_sent_bytes_total['hit', 'mod']"] == 15
    assert found["gobp_modules_request_seconds_count['hit', 'mod']"] == 3
    assert found["gobp_modules_request_seconds_bucket['0.005', 'hit', 'mod']"] == 2
    assert found["gobp_modules_request_seconds_bucket['+Inf', 'hit', 'mod']"] == 3
    assert found["gobp_modules_upstream_seconds_count['found', 'zip']"] == 1
    assert found["gobp_modules_workers[]"] == 2


def test_what_holds_now_is_that_of_workers_that_run() -> None:
    dead, alive = Figures(now={"fetches": 7}), Figures(now={"fetches": 2})
    found = samples(metrics_text([(dead, False), (alive, True)]))
    assert found["gobp_modules_fetches[]"] == 2
    assert found["gobp_modules_workers[]"] == 1


def test_figures_come_back_from_their_folder(tmp_path: Path) -> None:
    folder, figures = FiguresFolder(tmp_path), Figures()
    folder.empty()
    figures.count([record()])
    folder.write(figures)
    assert folder.read() == [(figures, True)]


def test_a_worker_that_is_gone_still_counts(tmp_path: Path) -> None:
    folder = FiguresFolder(tmp_path)
    folder.write(Figures())
    (tmp_path / f"{os.getpid()}.json").rename(tmp_path / "4194305.json")  # above any process id
    assert folder.read() == [(Figures(), False)]


def test_what_is_broken_is_passed_over_and_removed_at_the_start(tmp_path: Path) -> None:
    folder = FiguresFolder(tmp_path)
    (tmp_path / "1.json").write_text("{")
    assert folder.read() == []
    folder.empty()
    assert list(tmp_path.iterdir()) == []


def test_no_figures_are_a_text_too() -> None:
    assert samples(metrics_text([])) == {
        "gobp_modules_dropped_log_chunks_total[]": 0,
        "gobp_modules_workers[]": 0,
    }
