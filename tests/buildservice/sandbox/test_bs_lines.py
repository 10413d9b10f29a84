from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.sandbox.lines import LONGEST_LINE, Lines


def lines_of(*chunks: bytes, limit: int = 10**6) -> list[str]:
    said: list[str] = []
    lines = Lines(said.append, limit)
    for chunk in chunks:
        lines.feed(chunk)
    lines.end()
    return said


def test_lines_are_handed_over_when_they_end() -> None:
    said: list[str] = []
    lines = Lines(said.append, 100)

    lines.feed(b"one\ntw")

    assert said == ["one"]


def test_the_last_line_needs_no_line_end() -> None:
    assert lines_of(b"one\n", b"two") == ["one", "two"]


def test_line_ends_of_windows_are_none_of_the_line() -> None:
    assert lines_of(b"one\r\ntwo\r\n") == ["one", "two"]


def test_a_line_without_end_is_cut() -> None:
    said = lines_of(b"x" * 1000 * 100)

    assert "".join(said) == "x" * 100_000
    assert max(map(len, said)) == LONGEST_LINE


def test_a_long_line_that_comes_at_once_is_cut() -> None:
    said = lines_of(b"x" * (LONGEST_LINE + 1) + b"\nnext\n")

    assert said == ["x" * LONGEST_LINE, "x", "next"]


def test_what_is_no_text_is_replaced() -> None:
    assert lines_of(b"a\0b\xff\n") == ["a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"]


def test_more_than_the_limit_is_dropped_and_told() -> None:
    said: list[str] = []
    lines = Lines(said.append, 6)

    within = [lines.feed(b"one\n"), lines.feed(b"two\n"), lines.feed(b"three\n")]
    lines.end()

    assert within == [True, False, False]
    assert said == ["one", "tw"]


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_however_output_is_cut_into_chunks_the_lines_are_the_same(chunks: list[bytes]) -> None:
    assert lines_of(*chunks) == lines_of(b"".join(chunks))
