import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang import semver
from gobp.modproxy.rules.version_range import VersionRange


def allows(text: str, version: str) -> bool:
    return VersionRange.parse(text, source="rule 1").allows(version)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">= v1.2.0, < v2.0.0", "v1.2.0 v1.9.9 v2.0.0-rc.1", "v1.1.9 v1.2.0-rc.1 v2.0.0"),
        (">=v1.2.0 <v2.0.0", "v1.2.0", "v2.0.0"),
        ("> v1.2.0", "v1.2.1 v1.3.0-rc.1", "v1.2.0 v1.2.0-rc.1"),
        ("> v1.2", "v1.3.0-rc.1 v1.3.0", "v1.2.9"),
        ("<= v1.2", "v1.2.9 v1.0.0", "v1.3.0-rc.1 v1.3.0"),
        ("< v1.2", "v1.1.9", "v1.2.0-rc.1 v1.2.0"),
        ("<= v1.2.3", "v1.2.3 v1.2.3-rc.1", "v1.2.4-0"),
        ("v1.2.x", "v1.2.0 v1.2.0-rc.1 v1.2.99", "v1.3.0-0 v1.1.9"),
        ("v1.2", "v1.2.0 v1.2.99", "v1.3.0"),
        ("v1", "v1.0.0 v1.9.9", "v2.0.0-rc.1 v0.9.0"),
        ("v1.x.x", "v1.0.0 v1.9.9", "v2.0.0"),
        ("^v1.2.3", "v1.2.3 v1.9.0", "v1.2.2 v2.0.0 v2.0.0-rc.1"),
        ("^v0.2.3", "v0.2.9", "v0.3.0"),
        ("^v0.0.3", "v0.0.3", "v0.0.4"),
        ("^v0", "v0.9.0", "v1.0.0"),
        ("~v1.2.3", "v1.2.3 v1.2.9", "v1.3.0 v1.2.2"),
        ("~v1", "v1.9.9", "v2.0.0"),
        ("= v1.2.3", "v1.2.3", "v1.2.4 v1.2.3-rc.1"),
        ("v1.2.3", "v1.2.3", "v1.2.4"),
        ("!= v1.2.3", "v1.2.4 v1.2.3-rc.1", "v1.2.3"),
        ("!= v1.2.x, v1", "v1.3.0", "v1.2.7 v2.0.0"),
        ("v1.2.x || >= v3", "v1.2.3 v3.0.0", "v2.0.0"),
        ("*", "v0.0.0-20200101000000-abcdefabcdef v9.0.0", ""),
        (
            "< v1.2.3",
            "v1.2.3-0.20200101000000-abcdefabcdef",
            "v1.2.4-0.20200101000000-abcdefabcdef",
        ),
        ("< v1", "v0.0.0-20200101000000-abcdefabcdef", "v1.0.0"),
        (">= v3", "v4.0.0+incompatible", "v2.9.0+incompatible"),
        ("= v2.0.0+incompatible", "v2.0.0+incompatible", "v2.0.1+incompatible"),
    ],
)
def test_a_range_allows_by_semver_order(text: str, inside: str, outside: str) -> None:
    assert [v for v in inside.split() if not allows(text, v)] == []
    assert [v for v in outside.split() if allows(text, v)] == []


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3",
        "v1.2.3.4",
        ">= ",
        ">= v1,",
        "v1 ||",
        "latest",
        "v1 - v2",
        "v1,,v2",
        "~> v1",
        "v1.x.2",
    ],
)
def test_what_is_no_range_is_told_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(UserError, match=r"rule 1: .* is no range of versions") as error:
        allows(text, "v1.0.0")
    assert "v1.2.x" in error.value.detail


VERSIONS = st.builds(
    lambda major, minor, patch, pre: f"v{major}.{minor}.{patch}{pre}",
    *[st.integers(0, 3)] * 3,
    st.sampled_from(["", "-rc.1", "-0", "-0.20200101000000-abcdefabcdef"]),
)


@given(VERSIONS, VERSIONS)
def test_comparisons_with_a_whole_version_are_those_of_semver(bound: str, version: str) -> None:
    low, order = semver.order(bound), semver.order(version)
    assert allows(f">= {bound}", version) is (order >= low)
    assert allows(f"> {bound}", version) is (order > low)
    assert allows(f"< {bound}", version) is (order < low)
    assert allows(f"<= {bound}", version) is (order <= low)
    assert allows(f"= {bound}", version) is (order == low)
    assert allows(f"!= {bound}", version) is (order != low)


@given(st.integers(0, 3), st.integers(0, 3), VERSIONS)
def test_part_of_a_version_parts_all_versions_in_three(
    major: int, minor: int, version: str
) -> None:
    part = f"v{major}.{minor}"
    ranges = (f"< {part}", f"= {part}", f"> {part}")
    assert [allows(text, version) for text in ranges].count(True) == 1
    assert allows(f"= {part}", version) is version.startswith(f"{part}.")
