"""Labels; the cases of Paketo's image-labels in our own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.image_labels.labels import OCI_VARIABLES, image_labels, parse_labels
from gobp.cnb.launch import Label
from gobp.errors import UserError


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", {}),
        ("   ", {}),
        ("a=b", {"a": "b"}),
        ("  a=b   c=d ", {"a": "b", "c": "d"}),
        ("a=", {"a": ""}),
        ("foo=bar=baz", {"foo": "bar=baz"}),
        ("'a key'=\"a value\"", {"a key": "a value"}),
        ("a='it said \"x\"'", {"a": 'it said "x"'}),
        (r"a=\"b\"", {"a": '"b"'}),
        (r"'it\'s'=x", {"it's": "x"}),
        ("a=1 a=2", {"a": "2"}),
        ("a=ä\tb", {"a": "ä\tb"}),
    ],
)
def test_pairs_are_read(text: str, labels: dict[str, str]) -> None:
    assert parse_labels(text) == labels


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("key", "a key without '=' and value at character 4"),
        ("a=b key", "a key without '=' and value at character 8"),
        ("=value", "a pair without a key at character 1"),
        ('""=bar', "a pair without a key at character 3"),
        ('"bad=val', "a quote that is never closed at character 1"),
        ("key='value", "a quote that is never closed at character 5"),
        ('"foo"junk=bar', "characters after a closing quote at character 6"),
        ('foo="bar"junk', "characters after a closing quote at character 10"),
        ("a key=b", "an unexpected ' ' at character 2"),
        ('ke"y=b', "an unexpected '\"' at character 3"),
        ("key=va'lue", 'an unexpected "\'" at character 7'),
    ],
)
def test_a_text_that_is_no_pairs_is_refused_where_it_goes_wrong(text: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_labels(text)

    assert caught.value.summary == f"BP_IMAGE_LABELS cannot be read: {reason}"
    line, mark = caught.value.detail.split("\n")
    assert line == text
    assert f"at character {len(mark)}" in reason


words = st.text("ab= \"'ä.", min_size=1, max_size=6)


@given(st.dictionaries(words, words, max_size=4))
def test_quoted_pairs_are_read_back_as_they_were(labels: dict[str, str]) -> None:
    def quoted(word: str) -> str:
        return '"' + word.replace('"', '\\"').replace("'", "\\'") + '"'

    text = " ".join(f"{quoted(key)}={quoted(value)}" for key, value in labels.items())

    assert parse_labels(text) == labels


@given(st.text("a=b \"'\\", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        labels = parse_labels(text)
    except UserError:
        return
    assert all(labels)


def test_the_twelve_oci_variables_name_their_labels() -> None:
    env = {name: name.lower() for name in OCI_VARIABLES}

    labels = image_labels(env)

    assert len(labels) == 12
    assert Label("org.opencontainers.image.ref.name", "bp_oci_ref_name") in labels
    assert [label.key for label in labels] == sorted(label.key for label in labels)


def test_a_label_by_its_own_name_wins_over_the_variable() -> None:
    env = {
        "BP_OCI_TITLE": "one",
        "BP_IMAGE_LABELS": "org.opencontainers.image.title=two a=b",
        "BP_OCI_URL": "",
    }

    assert image_labels(env) == (
        Label("a", "b"),
        Label("org.opencontainers.image.title", "two"),
        Label("org.opencontainers.image.url", ""),
    )
