import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang.version import GoVersion
from tests.golang.conftest import Oracle, unhurried

numbers = st.sampled_from(["0", "1", "2", "3", "20", "21", "22", "26", "99999999999"])
endings = st.one_of(
    st.just(""),
    numbers.map(".{}".format),
    st.builds("{}{}".format, st.sampled_from(["rc", "beta", "alpha", "z"]), numbers),
    st.just("rc"),
)
versions = st.one_of(numbers, st.builds("{}.{}{}".format, numbers, numbers, endings))


def parse(text: str) -> GoVersion:
    return GoVersion.parse(text)


@unhurried
@given(st.lists(st.tuples(versions, versions), min_size=5))
def test_versions_have_the_order_of_gos_toolchain(
    oracle: Oracle, pairs: list[tuple[str, str]]
) -> None:
    for left, right in pairs:
        (expected,) = oracle.ask("compare", f"go{left}", f"go{right}")

        order = (parse(left) > parse(right)) - (parse(left) < parse(right))

        assert (order, parse(left) == parse(right)) == (expected, expected == 0), (left, right)


@unhurried
@given(st.lists(st.text("01.rcbé- ", max_size=8) | versions, min_size=5))
def test_what_go_takes_for_a_version_is_one(oracle: Oracle, texts: list[str]) -> None:
    for text in texts:
        (valid,) = oracle.ask("valid", f"go{text}")
        if "-" in text:
            continue  # Go drops the suffix of a vendor; there is no such release to install

        try:
            accepted = parse(text).text == text
        except UserError:
            accepted = False

        assert accepted == valid, text


def test_a_language_version_is_below_its_release_candidates_and_releases() -> None:
    shuffled = map(parse, ["1.21.0", "1.21rc2", "1.21", "1.21rc1", "1.20.14", "1.21.10", "1.21.9"])

    assert " ".join(map(str, sorted(shuffled))) == (
        "1.20.14 1.21 1.21rc1 1.21rc2 1.21.0 1.21.9 1.21.10"
    )


def test_before_1_21_a_version_without_patch_is_the_first_release() -> None:
    assert parse("1.20") == parse("1.20.0")
    assert parse("1.20").is_release
    assert parse("1.21") != parse("1.21.0")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1.26.8", {"is_release": True, "is_prerelease": False}),
        ("1.26", {"is_release": False, "is_prerelease": False}),
        ("1.27rc1", {"is_release": False, "is_prerelease": True}),
    ],
)
def test_releases_are_told_from_language_versions_and_prereleases(
    text: str, kind: dict[str, bool]
) -> None:
    version = parse(text)

    assert {name: getattr(version, name) for name in kind} == kind


def test_the_prefix_go_is_no_part_of_a_version() -> None:
    version = parse("go1.26.8")

    assert (version, str(version), version.line) == (parse("1.26.8"), "1.26.8", "1.26")


def test_an_error_names_the_text_and_where_it_was_found() -> None:
    with pytest.raises(UserError, match=r"\.go-version: '1\.x' is not a Go version"):
        GoVersion.parse("1.x", source=".go-version")
