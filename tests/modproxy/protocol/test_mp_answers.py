import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.protocol.answers import failure, shown_by_go
from gobp.modproxy.protocol.version_info import BadVersionInfoError, VersionInfo


@given(text=st.text(max_size=2000))
def test_what_is_shown_is_what_a_go_command_shows(text: str) -> None:
    shown = shown_by_go(text)
    assert len(shown.encode()) <= 648
    assert shown.endswith("\n")
    lines = shown[:-1].split("\n")
    assert len(lines) <= 8
    assert all(line.isprintable() for line in lines)


def test_a_failure_says_when_to_ask_again() -> None:
    answer = failure(503, "busy\n\nreally", retry_after=5)
    assert answer.body == b"busy\nreally\n"
    assert answer.headers == (("retry-after", "5"),)
    assert answer.keep == "no-store"


def test_an_info_is_kept_byte_for_byte() -> None:
    content = b'{"Version":"v1.0.0", "Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"git"},"New":1}'
    info = VersionInfo.parse(content)
    assert (info.version, info.time) == ("v1.0.0", "2024-01-02T03:04:05Z")
    assert info.content == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"<html>",
        b"[]",
        b"{}",
        b'{"Version":1}',
        b'{"Version":"v1.0.0","Time":5}',
        b"[" * 100_000,
        b'{"Version":"' + b"v" * 1_100_000 + b'"}',
    ],
)
def test_what_is_no_info_is_refused(content: bytes) -> None:
    with pytest.raises(BadVersionInfoError):
        VersionInfo.parse(content)


@given(version=st.text(), time=st.text(), origin=st.dictionaries(st.text(), st.text()))
def test_an_info_that_was_made_is_read_again(
    version: str, time: str, origin: dict[str, str]
) -> None:
    made = VersionInfo.make(version, time, origin)
    read = VersionInfo.parse(made.content)
    assert (read.version, read.time) == (version, time)
    assert json.loads(made.content).get("Origin", {}) == origin
