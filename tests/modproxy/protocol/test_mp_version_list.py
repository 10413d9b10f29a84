import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.protocol.version_list import (
    format_version_list,
    in_order,
    latest_of,
    parse_version_list,
)

MODULE = "example.com/m"
PSEUDO = "v0.0.0-20240102030405-abcdef012345"
versions = st.from_regex(r"v[01]\.(0|[1-9])\.(0|[1-9][0-9]?)(-(rc|beta)\.[1-9])?", fullmatch=True)


def test_a_list_is_read_however_it_is_written() -> None:
    content = (
        b"v1.0.0\r\nv1.10.0 2024-01-02T03:04:05Z\n\n  v1.2.0  \njunk\n\xff\xfe\n"
        + f"{PSEUDO}\nv2.0.0\nv2.0.0+incompatible\nv1.2\nv1.2.0".encode()
    )
    assert parse_version_list(MODULE, content) == (
        "v1.0.0",
        "v1.2.0",
        "v1.10.0",
        "v2.0.0+incompatible",
    )


@given(listed=st.lists(versions))
def test_a_list_that_was_written_is_read_again(listed: list[str]) -> None:
    assert parse_version_list(MODULE, format_version_list(listed)) == in_order(listed)


@given(listed=st.lists(versions, min_size=1), seed=st.integers())
def test_order_and_latest_do_not_depend_on_how_versions_come(listed: list[str], seed: int) -> None:
    shuffled = listed.copy()
    random.Random(seed).shuffle(shuffled)
    assert in_order(shuffled) == in_order(listed)
    assert latest_of(shuffled) == latest_of(listed)


@given(content=st.binary(max_size=200))
def test_no_content_breaks_the_reading_of_a_list(content: bytes) -> None:
    parse_version_list(MODULE, content)


@pytest.mark.parametrize(
    ("known", "latest"),
    [
        ((), ""),
        (("v1.2.0", "v1.10.0", "v1.9.0"), "v1.10.0"),
        (("v1.0.0", "v1.1.0-rc.1"), "v1.0.0"),
        (("v1.1.0-rc.2", "v1.1.0-rc.10"), "v1.1.0-rc.10"),
        (("v1.0.0", "v3.0.0+incompatible"), "v1.0.0"),
        (("v2.0.0+incompatible", "v3.0.0+incompatible"), "v3.0.0+incompatible"),
        (("v1.0.0-rc.1", "v2.0.0+incompatible"), "v2.0.0+incompatible"),
        ((PSEUDO, "v0.0.0-20250102030405-abcdef012345"), "v0.0.0-20250102030405-abcdef012345"),
    ],
)
def test_the_latest_is_the_highest_release_or_else_the_highest(
    known: tuple[str, ...], latest: str
) -> None:
    assert latest_of(known) == latest


@pytest.mark.parametrize(
    ("version", "pseudo"),
    [
        (PSEUDO, True),
        ("v1.2.4-0.20240102030405-abcdef012345", True),
        ("v1.2.3-rc.1.0.20240102030405-abcdef012345", True),
        ("v2.0.1-0.20240102030405-abcdef012345+incompatible", True),
        ("v1.2.3", False),
        ("v1.2.3-rc.1", False),
        ("v1.2.3-20240102030405-abcdef012345", False),
        ("v1.0.0-0.2024-abcdef012345", False),
    ],
)
def test_pseudo_versions_are_known_by_their_form(version: str, *, pseudo: bool) -> None:
    assert is_pseudo_version(version) is pseudo
