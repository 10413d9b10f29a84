import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.server.conditional import (
    Part,
    Unsatisfiable,
    Validators,
    not_modified,
    part_wanted,
)

AT = Validators('"abc+/="', 1_700_000_000)
THEN = AT.last_modified
LATER = "Wed, 15 Nov 2023 00:00:00 GMT"
EARLIER = "Mon, 13 Nov 2023 00:00:00 GMT"


@pytest.mark.parametrize("tags", ['"abc+/="', '"x", "abc+/="', 'W/"abc+/="', "*", ' "abc+/=" '])
def test_a_client_with_the_tag_has_the_file(tags: str) -> None:
    assert not_modified(tags, None, AT)


@pytest.mark.parametrize("tags", ['"abc"', "abc+/=", "", '"', "W/", '"x","y"'])
def test_a_client_with_other_tags_has_it_not(tags: str) -> None:
    assert not not_modified(tags, None, AT)


def test_a_tag_decides_before_a_date() -> None:
    assert not not_modified('"other"', LATER, AT)
    assert not_modified(AT.etag, EARLIER, AT)


@pytest.mark.parametrize(
    ("date", "same"),
    [(THEN, True), (LATER, True), (EARLIER, False), ("nonsense", False), ("", False)],
)
def test_a_date_is_compared_with_the_files(date: str, same: bool) -> None:  # noqa: FBT001 # a table
    assert not_modified(None, date, AT) is same


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-5", (2, 6)),
        ("bytes=90-200", (90, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=-1", (99, 100)),
        ("bytes=-1000", (0, 100)),
        (" bytes = 1 - 2 ", (1, 3)),
    ],
)
def test_a_single_range_is_understood(wanted: str, part: tuple[int, int]) -> None:
    assert part_wanted(wanted, None, AT, 100) == Part(*part, 100)


@pytest.mark.parametrize(
    "wanted", [None, "", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "0-1"]
)
def test_what_is_no_single_range_is_the_whole(wanted: str | None) -> None:
    assert part_wanted(wanted, None, AT, 100) is None


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(wanted: str) -> None:
    with pytest.raises(Unsatisfiable):
        part_wanted(wanted, None, AT, 100)


def test_any_range_of_an_empty_file_is_refused() -> None:
    with pytest.raises(Unsatisfiable):
        part_wanted("bytes=0-", None, AT, 0)


@pytest.mark.parametrize(
    ("if_range", "same"),
    [(AT.etag, True), (THEN, True), ('"other"', False), (f"W/{AT.etag}", False), (LATER, False)],
)
def test_a_range_is_of_the_file_that_the_client_has(
    if_range: str,
    same: bool,  # noqa: FBT001 # a table
) -> None:
    assert (part_wanted("bytes=0-1", if_range, AT, 100) is not None) is same


def test_a_part_says_which_it_is() -> None:
    assert Part(2, 6, 100).content_range == "bytes 2-5/100"


@given(st.binary(max_size=200), st.integers(0, 250), st.integers(0, 250))
def test_a_part_is_a_slice_of_the_file(content: bytes, first: int, last: int) -> None:
    try:
        part = part_wanted(f"bytes={first}-{last}", None, AT, len(content))
    except Unsatisfiable:
        assert first >= len(content)
        return
    if part is None:
        assert last < first
    else:
        assert content[part.start : part.end] == content[first : last + 1]


@given(st.text(), st.text(), st.text(), st.text())
def test_no_header_is_trouble(tags: str, date: str, wanted: str, if_range: str) -> None:
    not_modified(tags, date, AT)
    not_modified(None, date, AT)
    try:
        part = part_wanted(wanted, if_range, AT, 100)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part.start < part.end <= 100
