from collections.abc import Callable
from datetime import UTC, date, datetime, time
from types import MappingProxyType

import pytest
from hypothesis import given

from gobp.cnb import toml
from gobp.errors import UserError
from tests.strategies_cnb import documents, texts


@given(documents)
def test_every_document_survives_its_text(document: dict[str, object]) -> None:
    assert toml.loads(toml.dumps(document), source="x.toml") == document


@given(documents)
def test_equal_documents_are_equal_text(document: dict[str, object]) -> None:
    turned_round = dict(reversed(document.items()))

    assert toml.dumps(turned_round) == toml.dumps(document)


@given(texts)
def test_a_quoted_string_is_read_back(text: str) -> None:
    assert toml.loads(f"key = {toml.quoted(text)}", source="x.toml") == {"key": text}


def test_a_quoted_string_may_hold_what_pytoml_cannot_write() -> None:
    assert toml.quoted('\x00\x1b\x7f\b"\\') == r'"\u0000\u001b\u007f\b\"\\"'


def test_tuples_and_other_mappings_are_written_as_arrays_and_tables() -> None:
    document = {"paths": ("a", "b"), "table": MappingProxyType({"empty": ()})}

    assert toml.dumps(document) == 'paths = ["a", "b"]\n\n[table]\nempty = []\n'


def test_bad_toml_names_the_file_and_the_place() -> None:
    with pytest.raises(UserError, match=r"project\.toml is not valid TOML: .*line 2, column 5"):
        toml.loads('a = "b"\nc = \n', source="project.toml")


@pytest.mark.parametrize(
    "text", ["a = " + "9" * 5000, "a = " + "[" * 100_000], ids=["huge number", "deep nesting"]
)
def test_hostile_toml_is_the_files_fault(text: str) -> None:
    with pytest.raises(UserError, match="is not valid TOML"):
        toml.loads(text, source="x.toml")


@pytest.mark.parametrize(
    "value",
    [
        None,
        date(2020, 1, 1),
        time(12, 0),
        datetime(2020, 1, 1),  # noqa: DTZ001 # the point of the test
        float("inf"),
        float("nan"),
        2**63,
        b"bytes",
        {1, 2},
        {"": 1},
        {1: 1},
    ],
)
@pytest.mark.parametrize("depth", range(3))
def test_what_pytoml_writes_wrong_is_refused_at_any_depth(value: object, depth: int) -> None:
    document: dict[str, object] = {"key": value}
    if depth:
        document = {"table": {"list": [document] * depth}}

    with pytest.raises((TypeError, ValueError)):
        toml.dumps(document)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(TypeError):
        toml.dumps({"": "value"})


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0c", "\x1b", "\x7f", "\udc80"])
def test_characters_that_are_no_text_are_the_users_to_remove(character: str) -> None:
    with pytest.raises(UserError, match="position 2"):
        toml.dumps({"label": f"ab{character}"})
    with pytest.raises(UserError, match="a key has the character"):
        toml.dumps({f"ab{character}": "value"})


def test_a_moment_with_a_time_zone_is_kept() -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert toml.dumps({"at": moment}) == "at = 2020-01-02T03:04:05Z\n"


def test_absent_keys_have_defaults() -> None:
    assert toml.get_str({}, "key", source="x.toml") == ""
    assert toml.get_str({}, "key", source="x.toml", default="d") == "d"
    assert toml.get_bool({}, "key", source="x.toml") is False
    assert toml.get_bool({}, "key", source="x.toml", default=True) is True
    assert toml.get_table({}, "key", source="x.toml") == {}
    assert toml.get_tables({}, "key", source="x.toml") == []
    assert toml.get_strs({}, "key", source="x.toml") == ()


Reader = Callable[..., object]


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        (toml.get_str, "a string"),
        (toml.get_bool, "true or false"),
        (toml.get_table, "a table"),
        (toml.get_tables, "an array of tables"),
        (toml.get_strs, "an array of strings"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_file(read: Reader, wanted: str) -> None:
    with pytest.raises(UserError, match=rf"key in x\.toml is not {wanted}"):
        read({"key": [1, "a", {}]}, "key", source="x.toml")


def test_a_required_string_must_not_be_empty() -> None:
    with pytest.raises(UserError, match=r"id is missing in buildpack\.toml"):
        toml.require_str({"id": ""}, "id", source="buildpack.toml")
