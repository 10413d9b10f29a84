import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.access.audit import (
    AuditLog,
    Event,
    audit_log_now_and_then,
    audit_log_of_worker,
    note_removed,
)
from gobp.modproxy.log.records import Record
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.settings.schema import Log
from gobp.serving.writer import LineWriter

MOMENT = 1_800_000_000.25


@dataclass
class Lines:
    content: bytes = b""
    now: float = MOMENT
    json_lines: bool = False
    log: AuditLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = AuditLog(self, json_lines=self.json_lines, clock=lambda: self.now)

    def write(self, chunk: bytes) -> None:
        self.content += chunk

    def close(self) -> None:
        pass

    @property
    def lines(self) -> list[str]:
        assert self.content.endswith(b"\n")
        return self.content.decode().removesuffix("\n").split("\n")


def test_an_event_is_a_line_of_words() -> None:
    lines = Lines()
    lines.log.record(
        Event.PUBLISHED, who="ci", client="10.0.0.1", what="corp.example/a@v1.0.0", request="7f-1"
    )
    (line,) = lines.lines
    assert line == (
        "2027-01-15T08:00:00.250Z audit published "
        "who=ci client=10.0.0.1 what=corp.example/a@v1.0.0 request=7f-1"
    )


def test_an_event_is_an_object_of_json() -> None:
    lines = Lines(json_lines=True)
    lines.log.record(Event.REMOVED, what="old.example/m@v1.0.0", who="", reason="not used")
    assert json.loads(lines.lines[0]) == {
        "audit": True,
        "time": "2027-01-15T08:00:00.250Z",
        "event": "removed",
        "what": "old.example/m@v1.0.0",
        "reason": "not used",
    }


@given(st.text(), st.booleans())
def test_whatever_is_recorded_is_one_line_of_printable_ascii(text: str, as_json: bool) -> None:  # noqa: FBT001 # by Hypothesis
    lines = Lines(json_lines=as_json)
    lines.log.record(Event.RELOADED, what=text)
    assert len(lines.lines) == 1
    assert lines.lines[0].isascii()
    assert lines.lines[0].isprintable()


def test_nobody_can_make_a_line_that_looks_like_another_fact() -> None:
    lines = Lines()
    lines.log.record(Event.DENIED, who='eve" what="x', what="m\n2027 audit published who=root")
    assert len(lines.lines) == 1
    assert lines.lines[0].endswith(
        r'audit denied who="eve\" what=\"x" what="m\n2027 audit published who=root"'
    )


def test_credentials_in_a_url_are_taken_out() -> None:
    lines = Lines()
    lines.log.record(Event.DENIED, what="https://bob:ge@heim@h.example/m")
    assert "what=https://h.example/m" in lines.lines[0]


def test_a_value_has_an_end() -> None:
    lines = Lines()
    lines.log.record(Event.RELOADED, what="x" * 10_000)
    assert len(lines.lines[0]) < 500


def test_who_is_refused_again_and_again_cannot_fill_the_disk() -> None:
    lines = Lines()
    for _ in range(1000):
        lines.log.record(Event.LOGIN_REFUSED, client="10.0.0.1")
    lines.log.record(Event.PUBLISHED, who="ci")
    assert len(lines.lines) == 21
    lines.now += 1
    lines.log.record(Event.LOGIN_REFUSED, client="10.0.0.1")
    assert lines.lines[-1].endswith("login-refused client=10.0.0.1 left_out=980")


def test_of_the_requests_those_are_recorded_that_a_rule_denied_or_that_publish() -> None:
    lines = Lines()
    answered = Record(
        ended=0.0,
        seconds=0.0,
        status=403,
        size=0,
        kind="zip",
        origin=Origin.RULE,
        method="GET",
        path="/m",
        user="bob",
        client="10.0.0.1",
        request_id="7f",
        agent="",
        trace="",
        file=None,
    )
    others = [
        answered._replace(status=200, origin=Origin.TREE),
        answered._replace(origin=Origin.NONE),
        answered._replace(status=404),
    ]
    put = answered._replace(method="PUT", status=201, origin=Origin.NONE)
    lines.log.note([*others, answered, put])
    denied, published = lines.lines
    assert denied.endswith("audit denied who=bob client=10.0.0.1 what=/m request=7f")
    assert published.endswith("audit published who=bob client=10.0.0.1 what=/m request=7f")


def test_a_command_appends_to_the_file_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    log = audit_log_now_and_then(Log(audit=str(file), format="json"))
    log.record(Event.REMOVED, what="first")
    log.record(Event.REMOVED, what="second")
    assert [json.loads(line)["what"] for line in file.read_text().splitlines()] == [
        "first",
        "second",
    ]


def test_what_a_command_removed_is_in_the_file_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    files = [ModuleFile("m.example", version, Kind.ZIP) for version in ("v1.0.0", "v1.1.0")]
    note_removed(Log(audit=str(file)), files)
    words = [line.split(" ", 2)[2] for line in file.read_text().splitlines()]
    assert words == [
        f'removed who=uid:{os.getuid()} what="m.example@{version} (zip)"'
        for version in ("v1.0.0", "v1.1.0")
    ]


def test_where_no_file_is_named_a_command_records_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    note_removed(Log(), [ModuleFile("m.example", "v1.0.0", Kind.ZIP)])
    assert capfd.readouterr().out == ""


def test_a_worker_appends_to_the_file_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    log = audit_log_of_worker(Log(audit=str(file), requests="off"))
    log.record(Event.PUBLISHED, what="m")
    log.close()
    assert file.read_text().endswith("published what=m\n")


def test_it_goes_on_in_the_new_file_where_the_old_was_moved_away(tmp_path: Path) -> None:
    file, old = tmp_path / "audit.log", tmp_path / "audit.log.1"
    writer = LineWriter(str(file))
    log = AuditLog(writer)
    log.record(Event.PUBLISHED, what="first")
    wait_for(file, "first")
    file.rename(old)
    log.record(Event.PUBLISHED, what="second")
    wait_for(file, "second")
    writer.close()
    assert "second" not in old.read_text()


def wait_for(file: Path, text: str) -> None:
    end = time.monotonic() + 10
    while not file.exists() or text not in file.read_text():
        assert time.monotonic() < end
        time.sleep(0.01)
