"""What is left of what programs print."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.logs.cleaning import MOST_CHARACTERS, cleaned

HARMFUL = re.compile(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def one(text: str) -> str:
    (line,) = cleaned(text)
    return line


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("plain\ttext", "plain\ttext"),
        ("\x1b[1;31mred\x1b[0m and \x1b[38:5:208mmore\x1b[m", None),
        ("\x1b[2J\x1b[Htop", "top"),
        ("\x1b]0;a title\x07seen", "seen"),
        ("\x1b]8;;https://a.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPsixels\x1b\\after", "after"),
        ("\x1b(Bcharset \x1bcreset", "charset reset"),
        ("cut off \x1b[3", "cut off "),
        ("\x9b2Jeight bits", "2Jeight bits"),
        ("10%\r20%\r100%\r", "100%"),
        ("windows\r", "windows"),
        ("a\x00b\x07c\x7f", "abc"),
        ("if admin\u202e {\u2066 // check", "if admin { // check"),
        ("half \ud800", "half ?"),
        ("é 世界 🎉", None),
    ],
)
def test_colours_and_text_stay_and_all_else_goes(printed: str, kept: str | None) -> None:
    assert one(printed) == (printed if kept is None else kept)


def test_each_line_is_one() -> None:
    assert list(cleaned("a\n\nb\r\nc")) == ["a", "", "b", "c"]


def test_a_long_line_is_cut_and_that_is_said() -> None:
    line = one("x" * (MOST_CHARACTERS + 5))
    assert line == "x" * MOST_CHARACTERS + "... (5 more characters)"


@given(st.text(alphabet="\x1b[]P\\;m0123ABm\x07\r\x9b\x00 x\u202e\ud800", max_size=60))
def test_nothing_harmful_is_left_and_cleaning_again_changes_nothing(text: str) -> None:
    for line in cleaned(text):
        assert not HARMFUL.search(line)
        assert re.sub(r"\x1b\[[0-9;:]{0,64}m", "", line).count("\x1b") == 0
        assert list(cleaned(line)) == [line]
