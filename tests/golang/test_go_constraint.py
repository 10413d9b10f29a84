import pytest

from gobp.errors import UserError
from gobp.golang.constraint import ACCEPTED_FORMS, Constraint, at_least_within_line
from gobp.golang.version import GoVersion

SHIPPED = ("1.25.13", "1.25.14", "1.26.6", "1.26.7")
ALL = " ".join(SHIPPED)
LINE_1_25 = "1.25.13 1.25.14"
LINE_1_26 = "1.26.6 1.26.7"


def parse(text: str) -> Constraint:
    return Constraint.parse(text, source="BP_GO_VERSION")


def allowed(constraint: Constraint, versions: str) -> str:
    return " ".join(v for v in versions.split() if constraint.allows(GoVersion.parse(v)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # measured with Paketo's go-dist
        ("1.25", LINE_1_25),
        ("1.25.*", LINE_1_25),
        ("~1.25", LINE_1_25),
        ("v1.25", LINE_1_25),
        ("~1.25.13", LINE_1_25),
        ("^1.25", ALL),
        ("1.x", ALL),
        ("1", ALL),
        (">=1.25", ALL),
        ("1.25 - 1.26", ALL),
        (">1.25", LINE_1_26),
        ("1.25.*||1.26.6", "1.25.13 1.25.14 1.26.6"),
        (">=1.25 <1.26", LINE_1_25),
        (">=1.25,<1.26", LINE_1_25),
        ("=>1.26", LINE_1_26),
        # by the rules of Masterminds/semver
        ("*", ALL),
        ("1.25.X", LINE_1_25),
        ("=<1.25", LINE_1_25),
        ("<=1.25", LINE_1_25),
        ("<1.26", LINE_1_25),
        ("> 1.25.13", "1.25.14 1.26.6 1.26.7"),
        ("= 1.26.6", "1.26.6"),
        ("1.26.6", "1.26.6"),
        ("!=1.26.7", "1.25.13 1.25.14 1.26.6"),
        ("!=1.25", LINE_1_26),
        (">1", ""),
        ("~1", ALL),
        ("^1.26.7", "1.26.7"),
        ("1.25.14 - 1.26.6", "1.25.14 1.26.6"),
        (">=1.25.14 , !=1.26.6 || 1.25.13", "1.25.13 1.25.14 1.26.7"),
        ("1.25, 1.26", ""),
        # by postal, which rewrites ~>
        ("~> 1.25", ALL),
        ("~> 1.25.13", LINE_1_25),
        ("~>1.25.14", "1.25.14"),
        # gobp's own
        ("go1.25", LINE_1_25),
        (">=go1.26", LINE_1_26),
        ("latest", ALL),
        ("  1.25  ", LINE_1_25),
    ],
)
def test_a_constraint_allows_what_it_does_in_paketo(text: str, expected: str) -> None:
    assert allowed(parse(text), ALL) == expected


@pytest.mark.parametrize("text", ["1.27", "*", "latest", ">=1.26", "^1.27", "!=1.26", "1.27rc2"])
def test_a_prerelease_is_not_allowed_unless_it_is_named_exactly(text: str) -> None:
    assert allowed(parse(text), "1.27rc1 1.27") == ""


@pytest.mark.parametrize("text", ["1.27rc1", "go1.27rc1", "=1.27rc1", "1.26 || 1.27rc1"])
def test_a_prerelease_that_is_named_exactly_is_allowed(text: str) -> None:
    assert allowed(parse(text), "1.27rc1 1.27rc2 1.27.0") == "1.27rc1"


def test_1_20_is_a_release_like_any_other() -> None:
    assert allowed(parse("1.20.0 || ~1.19"), "1.19 1.19.3 1.20 1.20.1") == "1.19 1.19.3 1.20"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "||", "1.25 ||", "1.25,", ",1.25", ">=1.25,,<1.26", "abc", "1.2.3.4", "1.025"),
        *("latest.1", "1.x.3", ">=", ">=1.27rc1", "^1.27rc1", "1.25-rc1", ">>1.2", "1.25 -1.26"),
        *("1.25!", "gov1.25", "1.25 & 1.26", "\N{ARABIC-INDIC DIGIT ONE}.25", "9" * 400 + ".1"),
    ],
)
def test_nonsense_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)

    assert caught.value.summary.startswith("BP_GO_VERSION: ")
    assert "1.25.* || 1.26.6" in caught.value.detail


@pytest.mark.parametrize("form", ACCEPTED_FORMS)
def test_every_form_that_an_error_offers_is_accepted(form: str) -> None:
    assert str(parse(form)) == form


@pytest.mark.parametrize(
    ("go_line", "shown", "expected"),
    [
        ("1.25.14", ">= 1.25.14, < 1.26", "1.25.14"),
        ("1.25", ">= 1.25, < 1.26", LINE_1_25),
        ("1.26.7", ">= 1.26.7, < 1.27", "1.26.7"),
        ("1.26.8", ">= 1.26.8, < 1.27", ""),
        ("1.24.9", ">= 1.24.9, < 1.25", ""),
    ],
)
def test_a_go_line_asks_for_that_version_or_a_newer_patch_of_its_line(
    go_line: str, shown: str, expected: str
) -> None:
    constraint = at_least_within_line(GoVersion.parse(go_line))

    assert (str(constraint), allowed(constraint, ALL)) == (shown, expected)


def test_a_go_line_with_a_prerelease_allows_it_and_the_releases_of_its_line() -> None:
    constraint = at_least_within_line(GoVersion.parse("1.27rc1"))

    assert allowed(constraint, "1.26.7 1.27rc1 1.27rc2 1.27.0 1.28.0") == "1.27rc1 1.27.0"
