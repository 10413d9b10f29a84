"""What refs ask for, by their form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.resolving.queries import Asks, highest, parse_query

VERSIONS = ["v1.2.2", "v1.2.10", "v1.3.0-rc.1", "v1.10.0", "v2.0.0-beta", "v0.9.0", "nonsense"]


@pytest.mark.parametrize(
    ("ref", "asks", "prefix", "major"),
    [
        ("latest", Asks.LATEST, "", None),
        ("v1", Asks.PREFIX, "v1", 1),
        ("v1.2", Asks.PREFIX, "v1.2", 1),
        ("v1.2.x", Asks.PREFIX, "v1.2", 1),
        ("1.x", Asks.PREFIX, "v1", 1),
        ("1.2.*", Asks.PREFIX, "v1.2", 1),
        ("v1.2.3", Asks.VERSION, "", 1),
        ("v3.0.0-rc.1+meta", Asks.VERSION, "", 3),
        ("1.2.3", Asks.NAME, "", None),
        ("1", Asks.NAME, "", None),
        ("main", Asks.NAME, "", None),
        ("abc1234", Asks.NAME, "", None),
        ("a" * 40, Asks.COMMIT, "", None),
        ("v1.2-rc1", Asks.NAME, "", None),
    ],
)
def test_the_form_of_a_ref_says_what_it_asks_for(
    ref: str, asks: Asks, prefix: str, major: int | None
) -> None:
    query = parse_query(ref)
    assert (query.asks, query.prefix, query.major) == (asks, prefix, major)


def test_the_highest_release_is_chosen() -> None:
    assert highest(parse_query("v1.2.x"), VERSIONS) == "v1.2.10"
    assert highest(parse_query("v1"), VERSIONS) == "v1.10.0"
    assert highest(parse_query("latest"), VERSIONS) == "v1.10.0"


def test_a_prerelease_is_chosen_only_where_there_is_no_release() -> None:
    assert highest(parse_query("v1.3"), VERSIONS) == "v1.3.0-rc.1"
    assert highest(parse_query("v2"), VERSIONS) == "v2.0.0-beta"
    assert highest(parse_query("v3"), VERSIONS) is None


@given(st.text(max_size=30))
def test_every_text_is_a_query(ref: str) -> None:
    assert parse_query(ref).ref == ref
