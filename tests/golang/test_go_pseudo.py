import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.pseudo import PseudoVersion, is_pseudo_version

NUMBERS = st.integers(0, 10**9)
WORDS = st.from_regex(r"(?:0|[1-9][0-9]{0,3}|[a-z][a-z0-9-]{0,5})", fullmatch=True)
PRERELEASES = st.lists(WORDS, max_size=3).map(lambda words: "-" * bool(words) + ".".join(words))
BASES = st.builds(
    lambda numbers, pre, build: f"v{'.'.join(map(str, numbers))}{pre}{build}",
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    PRERELEASES,
    st.sampled_from(["", "+incompatible"]),
)
TIMES = st.from_regex(r"[0-9]{14}", fullmatch=True)
REVISIONS = st.from_regex(r"[0-9a-f]{12}", fullmatch=True)


@given(BASES, TIMES, REVISIONS)
def test_a_pseudo_version_after_a_version_says_what_it_is_made_of(
    base: str, time: str, revision: str
) -> None:
    pseudo = PseudoVersion(semver.major(base), base, time, revision)

    assert PseudoVersion.parse(str(pseudo)) == pseudo
    assert semver.canonical(str(pseudo)) == str(pseudo)


@given(NUMBERS, TIMES, REVISIONS)
def test_one_by_itself_does_so_too(major: int, time: str, revision: str) -> None:
    pseudo = PseudoVersion(f"v{major}", "", time, revision)

    assert PseudoVersion.parse(str(pseudo)) == pseudo


@given(BASES, TIMES, REVISIONS)
def test_it_comes_after_its_base_and_before_the_next_patch(
    base: str, time: str, revision: str
) -> None:
    pseudo = str(PseudoVersion("v0", base, time, revision))
    plain = base.partition("-")[0].partition("+")[0]
    numbers, _, patch = plain.rpartition(".")
    following = (
        plain if "-" in base.removesuffix("+incompatible") else f"{numbers}.{int(patch) + 1}"
    )

    assert semver.order(base) < semver.order(pseudo) < semver.order(following)


@pytest.mark.parametrize(
    ("version", "base"),
    [
        ("v0.0.0-20200101000000-abcdefabcdef", ""),
        ("v2.0.0-20200101000000-abcdefabcdef", ""),
        ("v1.2.10-0.20200101000000-abcdefabcdef", "v1.2.9"),
        ("v1.2.3-pre.0.20200101000000-abcdefabcdef", "v1.2.3-pre"),
        ("v1.2.3-pre-x.1.0.20200101000000-abcdefabcdef", "v1.2.3-pre-x.1"),
        ("v2.0.1-0.20200101000000-abcdefabcdef+incompatible", "v2.0.0+incompatible"),
    ],
)
def test_examples_of_go(version: str, base: str) -> None:
    assert PseudoVersion.parse(version).base == base


@pytest.mark.parametrize(
    "version",
    [
        "v1.2.3",
        "v1.2.3-20200101000000-abcdefabcdef",
        "v0.0.0-2020010100000-abcdefabcdef",
        "v0.0.0-20200101000000-abc-def",
        "v1.2.3-pre.20200101000000-abcdefabcdef",
        "0.0.0-20200101000000-abcdefabcdef",
        "v1.02.3-0.20200101000000-abcdefabcdef",
        "",
    ],
)
def test_other_versions_are_none(version: str) -> None:
    assert not is_pseudo_version(version)
    with pytest.raises(UserError, match="no pseudo-version"):
        PseudoVersion.parse(version)


@pytest.mark.parametrize(
    "version",
    ["v1.2.0-0.20200101000000-abcdefabcdef", "v2.0.0-20200101000000-abcdefabcdef+incompatible"],
)
def test_what_has_the_form_but_can_come_after_nothing_is_refused(version: str) -> None:
    assert is_pseudo_version(version)
    with pytest.raises(UserError, match="no pseudo-version"):
        PseudoVersion.parse(version)
