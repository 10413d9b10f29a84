import json
import logging
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.log.records import Clock, Record, harmless, json_line, text_line
from gobp.modproxy.protocol.answers import Origin
from gobp.serving.events import JsonFormatter, TextFormatter
from gobp.serving.writer import LineWriter


def record(path: str = "/m/@v/list", agent: str = "Go", trace: str = "", user: str = "") -> Record:
    now = time.perf_counter()
    numbers = (now, 0.0015, 200, 7)
    return Record(
        *numbers, "list", Origin.TREE, "GET", path, user, "127.0.0.1", "id-1", agent, trace, None
    )


def test_a_line_has_its_fields_in_their_order() -> None:
    line = text_line(record(trace="00-a-b-01", user="bob"), Clock())
    moment, rest = line.split(" ", 1)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    assert rest == 'id-1 127.0.0.1 bob GET /m/@v/list 200 hit 7 1.5ms "Go" 00-a-b-01\n'


def test_a_line_of_json_has_the_same_facts() -> None:
    line = json.loads(json_line(record(), Clock()))
    assert (line["path"], line["status"], line["bytes"]) == ("/m/@v/list", 200, 7)
    assert (line["user"], line["milliseconds"], line["kind"]) == (None, 1.5, "list")


@given(st.text(), st.text(), st.text())
def test_nobody_can_write_a_line_of_their_own(path: str, agent: str, trace: str) -> None:
    clock = Clock()
    line = text_line(record(path, agent, trace), clock)
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert line.isascii()
    before, _, after = line.partition('ms "')
    assert len(before.split(" ")) == 10
    assert json.JSONDecoder().raw_decode(f'"{after}')[0] == agent[:500]
    shown = json_line(record(path, agent, trace), clock)
    assert shown[:-1].isprintable()
    assert json.loads(shown)["status"] == 200


@given(st.text(max_size=100))
def test_a_field_can_be_read_back(text: str) -> None:
    assert json.loads(f'"{harmless(text)}"') == text


def test_a_very_long_text_is_cut() -> None:
    assert len(harmless("a" * 10_000)) == 500


def test_a_time_is_that_of_the_wall_clock() -> None:
    before = time.time()
    shown = Clock().text(time.perf_counter())
    assert shown[:16] in {
        time.strftime("%Y-%m-%dT%H:%M", time.gmtime(moment)) for moment in (before, time.time())
    }


def test_lines_are_written_to_a_file(tmp_path: Path) -> None:
    writer = LineWriter(str(tmp_path / "log"))
    writer.write(b"one\n")
    writer.write(b"two\n")
    writer.close()
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"
    assert writer.dropped == 0


def test_a_file_that_was_moved_is_followed_by_a_new_one(tmp_path: Path) -> None:
    log, old = tmp_path / "log", tmp_path / "log.1"
    writer = LineWriter(str(log))
    writer.write(b"one\n")
    while log.read_bytes() != b"one\n":
        time.sleep(0.01)
    log.rename(old)
    writer.write(b"two\n")
    writer.close()
    assert (old.read_bytes(), log.read_bytes()) == (b"one\n", b"two\n")


def test_a_full_disk_only_costs_lines() -> None:
    writer = LineWriter("/dev/full")
    writer.write(b"one\n")
    writer.close()
    assert writer.dropped == 1


@pytest.mark.slow
def test_a_reader_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = LineWriter(str(pipe))
    started = time.monotonic()
    for _ in range(1200):
        writer.write(b"x" * 999 + b"\n")
    assert time.monotonic() - started < 5
    assert writer.dropped > 0
    os.close(reader)
    writer.close()


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_an_event_is_written_in_utc_with_its_level(formatter: logging.Formatter) -> None:
    event = logging.LogRecord("gobp.x", logging.WARNING, "f", 1, "it %s", ("happened",), None)
    event.created, event.msecs = 0.0, 7.0
    line = formatter.format(event)
    assert "1970-01-01T00:00:00.007Z" in line
    assert "it happened" in line
    assert "warning" in line.lower()
