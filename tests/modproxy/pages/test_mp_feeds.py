"""The feed of new versions and the catalog, as scripts read them."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.pages.feeds import Feeds, format_time, parse_time
from gobp.modproxy.pages.parameters import BadParameterError
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.settings.schema import Settings
from tests.modproxy.pages.conftest import SECRET, TOML
from tests.modproxy.pages.page_readers import ANN, ANYBODY, Somebody


@pytest.fixture
def feeds(index: SqlIndex) -> Feeds:
    return Feeds(index)


def asked(feeds: Feeds, path: str, query: str = "", reader: Somebody = ANN) -> tuple[Answer, str]:
    answer = feeds.answer(path, query, reader)
    assert answer is not None
    assert isinstance(answer.body, bytes)
    return answer, answer.body.decode()


def entries(feeds: Feeds, query: str = "", reader: Somebody = ANN) -> list[dict[str, str]]:
    _, text = asked(feeds, "index", query, reader)
    return [json.loads(line) for line in text.splitlines()]


def catalog(feeds: Feeds, query: str = "", reader: Somebody = ANN) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(asked(feeds, "catalog", query, reader)[1])
    return document


def test_the_feed_has_an_object_a_line_in_the_order_in_which_versions_came(feeds: Feeds) -> None:
    answer, text = asked(feeds, "index", "limit=1")
    assert answer.content_type == "application/x-ndjson"
    assert text == (
        '{"Path":"github.com/BurntSushi/toml","Version":"v1.4.0",'
        '"Timestamp":"2023-11-14T22:13:20.000000Z"}\n'
    )
    assert [entry["Path"] for entry in entries(feeds)] == [TOML, TOML, "example.com/m", SECRET]


def test_the_feed_begins_with_the_time_that_is_asked_for(feeds: Feeds) -> None:
    third = entries(feeds)[2]
    assert entries(feeds, f"since={third['Timestamp']}&limit=1") == [third]
    assert entries(feeds, "since=2030-01-01T00:00:00Z") == []
    assert len(entries(feeds, "since=2023-11-15T00:13:22.5%2B02:00")) == 2


def test_the_catalog_is_read_page_by_page(feeds: Feeds) -> None:
    first = catalog(feeds, "pagesize=3")
    second = catalog(feeds, f"pagesize=3&token={first['next']}")
    assert first["modules"][0] == {"module": TOML, "version": "v1.4.0"}
    assert len(first["modules"]) == 3
    assert second == {"modules": [{"module": SECRET, "version": "v1.0.0"}], "next": ""}


def test_private_modules_are_told_only_to_those_who_may_read_them(feeds: Feeds) -> None:
    assert SECRET not in {entry["Path"] for entry in entries(feeds, reader=ANYBODY)}
    page = catalog(feeds, "pagesize=3", ANYBODY)
    assert SECRET not in {entry["module"] for entry in page["modules"]}
    assert catalog(feeds, f"pagesize=3&token={page['next']}", ANYBODY)["modules"] == []


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        ("index", "since=yesterday", "since is 'yesterday', but must be like 2026-11-21T18:30:00Z"),
        ("index", "since=2026-13-01T00:00:00Z", "since is '2026-13-01T00:00:00Z'"),
        ("index", "since=2026-11-21", "since is"),
        ("index", "since=2026-11-21T00:00:00", "since is"),
        ("index", "limit=0", "limit is '0', but must be a number from 1 to 2000"),
        ("index", "limit=2001", "limit is"),
        ("index", "limit=-1", "limit is"),
        ("index", "limit=many", "limit is"),
        ("index", "limit=" + "9" * 1000, "limit is"),
        ("index", "limit=²", "limit is"),
        ("catalog", "pagesize=10001", "pagesize is"),
        ("catalog", "token=%27%3B+DROP", "token is not"),
        ("catalog", "token=" + "9" * 1500, "token is not"),
        ("catalog", "&".join(["a=1"] * 21), "more than 20 parameters"),
        ("index", "a" * 2001, "more than 2000 characters"),
    ],
)
def test_bad_parameters_are_answered_with_the_reason(
    feeds: Feeds, path: str, query: str, text: str
) -> None:
    answer, body = asked(feeds, path, query)
    assert answer.status == 400
    assert answer.content_type == "text/plain; charset=utf-8"
    assert text in body


def test_an_index_that_cannot_be_read_is_503(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    answer, text = asked(Feeds(open_index(Settings(), tmp_path / "file")), "index")
    assert answer.status == 503
    assert dict(answer.headers)["retry-after"] == "10"
    assert "served all the same" in text


def test_other_paths_are_not_theirs(feeds: Feeds) -> None:
    assert feeds.answer("index/", "", ANN) is None


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 # strategies want them naive
def test_a_time_that_was_written_is_read_again(moment: datetime) -> None:
    microseconds = parse_time(moment.isoformat())
    assert parse_time(format_time(microseconds)) == microseconds
    assert re.fullmatch(r".{19}\.[0-9]{6}Z", format_time(microseconds))


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_is_refused(text: str) -> None:
    try:
        parse_time(text)
    except BadParameterError as error:
        assert "since" in str(error)  # noqa: PT017 # both outcomes are right


def test_nanoseconds_are_cut_off() -> None:
    assert parse_time("1970-01-01T00:00:01.123456789Z") == 1_123_456
