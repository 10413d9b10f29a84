"""Shell words as Paketo's users know them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.go.words import single_word, split_words
from gobp.errors import UserError

ENV = {"A": "x y", "ONE": "1", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\r\n", []),
        ("-v  -race", ["-v", "-race"]),
        ('-tags="a b"', ["-tags=a b"]),
        ("-tags='a b'", ["-tags=a b"]),
        ("''", [""]),
        ('a""b', ["ab"]),
        ("-first=$A", ["-first=x", "y"]),
        ('-first="$A"', ["-first=x y"]),
        ("-first='$A'", ["-first=x y"]),
        ("-first=${ONE}0", ["-first=10"]),
        ("$UNSET", []),
        ("a$EMPTY", ["a"]),
        (r"\$A", ["$A"]),
        ("$$", ["$$"]),
        ("$", ["$"]),
        (r"a\ b", ["a b"]),
        (r"\"a\"", ['"a"']),
        (r'"-X main.v=\"a b\""', ['-X main.v="a b"']),
        ("\"-X 'main.v=a b'\"", ["-X 'main.v=a b'"]),
        (r"'a\b'", [r"a\b"]),
        (r'"a\b"', [r"a\b"]),
        ("`date` $-", ["`date`", "$-"]),
    ],
)
def test_words_are_split_expanded_and_unquoted(text: str, words: list[str]) -> None:
    assert split_words(text, ENV, named_by="FLAGS") == tuple(words)


@pytest.mark.parametrize("text", ["'a", '"a', "a 'b\" c", 'a"'])
def test_a_quote_that_stays_open_is_refused_with_the_name_of_the_variable(text: str) -> None:
    with pytest.raises(UserError, match=r"FLAGS cannot be read: the quote .* is never closed"):
        split_words(text, ENV, named_by="FLAGS")


@pytest.mark.parametrize("text", ["\\", "a\\", "'a\\"])
def test_a_backslash_with_nothing_behind_it_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="FLAGS cannot be read: it ends in a backslash"):
        split_words(text, ENV, named_by="FLAGS")


@pytest.mark.parametrize("character", ";&|<>()")
def test_what_only_a_shell_understands_is_refused_outside_quotes(character: str) -> None:
    with pytest.raises(UserError, match="outside quotes has no meaning"):
        split_words(f"a {character} b", ENV, named_by="FLAGS")

    assert split_words(f"'a{character}'", ENV, named_by="FLAGS") == (f"a{character}",)


def test_a_value_that_holds_shell_characters_is_no_shell_line() -> None:
    assert split_words("$V", {"V": "a;'b"}, named_by="FLAGS") == ("a;'b",)


def test_a_single_word_keeps_its_spaces_and_expands() -> None:
    assert single_word("-s -X 'main.v=$A'", ENV, named_by="L") == "-s -X 'main.v=x y'"
    assert single_word(r"-X main.v=\"q\"", ENV, named_by="L") == '-X main.v="q"'


def test_a_double_quote_within_a_single_word_splits_it_and_is_refused() -> None:
    with pytest.raises(UserError, match="it holds several words"):
        single_word('a" "b', ENV, named_by="LDFLAGS")


def quoted(word: str) -> str:
    """Write a word so that it is read back as it is."""
    return '"' + "".join(f"\\{c}" if c in '"\\$`' else c for c in word) + '"'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=5))
def test_quoted_words_are_read_back_as_they_were(words: list[str]) -> None:
    text = " ".join(quoted(word) for word in words)

    assert split_words(text, ENV, named_by="FLAGS") == tuple(words)


@given(st.text("ab \"'\\${}A;\n", max_size=20))
def test_any_text_is_split_or_refused_and_words_hold_no_more_than_they_should(text: str) -> None:
    try:
        words = split_words(text, {"A": "v"}, named_by="FLAGS")
    except UserError:
        return
    assert all(set(word) <= set(text) | {"v"} for word in words)
