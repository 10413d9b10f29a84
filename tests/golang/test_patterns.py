import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns


def matches(patterns: str, module: str) -> bool:
    return ModulePatterns.parse(patterns, source="GOPRIVATE").match(module)


@pytest.mark.parametrize(
    ("patterns", "module", "expected"),
    [
        ("corp.example/*", "corp.example/app", True),
        ("corp.example/*", "corp.example/app/v2/sub", True),
        ("corp.example/*", "corp.example", False),
        ("corp.example", "corp.example/app", True),
        ("corp.example", "corp.example.org/app", False),
        ("corp.example", "git.corp.example/app", False),
        ("*.corp.example", "git.corp.example/app", True),
        ("*.corp.example", "corp.example/app", False),
        ("github.com/corp", "github.com/corp/app", True),
        ("github.com/corp", "github.com/corporation/app", False),
        ("github.com/corp*", "github.com/corporation/app", True),
        ("github.com/corp/", "github.com/corp/app", True),
        ("github.com/[a-c]orp", "github.com/corp", True),
        ("github.com/[^a-c]orp", "github.com/corp", False),
        ("github.com/c?rp", "github.com/corp", True),
        ("a?b", "a/b", False),
        ("a[^x]b", "a/b", False),
        ("a[.-9]b", "a/b", False),
        ("a*b*c/d", "aXbXbYc/d", True),
        ("a*b*c/d", "aXbXbY/d", False),
        ("*a*/b", "xa/b/c", True),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        ("a.b", "axb", False),
        ("x, corp.example/* ,y", "corp.example/app", True),
        (",,", "corp.example/app", False),
        ("", "corp.example/app", False),
        ("*", "corp.example/app", True),
        ("*/*", "corp.example", False),
        ("Corp.example", "corp.example/app", False),
    ],
)
def test_a_pattern_matches_as_many_elements_as_it_has(
    patterns: str, module: str, *, expected: bool
) -> None:
    assert matches(patterns, module) is expected


@pytest.mark.parametrize("pattern", ["a[", "a[]", "a[b", "a[c-a]", "a[b-]", "a[/]b", "a\\", "[^]"])
def test_what_is_no_pattern_is_told_with_the_place_it_stands_at(pattern: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"GOPRIVATE: {pattern!r} is no pattern")):
        matches(f"ok.example,{pattern}", "x")


def test_a_list_without_patterns_is_false() -> None:
    assert not ModulePatterns.parse(" , ", source="x")
    assert ModulePatterns.parse("a", source="x")


@pytest.mark.parametrize(("patterns", "everything"), [("*", True), ("a,*", True), ("a", False)])
def test_a_star_alone_is_for_every_module(patterns: str, *, everything: bool) -> None:
    assert ModulePatterns.parse(patterns, source="x").match_all is everything


def slow_match(glob: str, text: str) -> bool:
    """Return what path.Match says of a pattern without classes and backslashes."""
    if not glob:
        return not text
    if glob[0] == "*":
        return slow_match(glob[1:], text) or (
            text[:1] not in {"", "/"} and slow_match(glob, text[1:])
        )
    if not text or (glob[0] == "?" and text[0] == "/"):
        return False
    return glob[0] in {"?", text[0]} and slow_match(glob[1:], text[1:])


@given(st.text("ab/*?", min_size=1, max_size=8), st.text("ab/", min_size=1, max_size=10))
def test_stars_and_question_marks_are_those_of_path_match(glob: str, module: str) -> None:
    trimmed = glob.rstrip("/")
    prefix = "/".join(module.split("/")[: trimmed.count("/") + 1])
    expected = bool(trimmed) and slow_match(trimmed, prefix)
    assert matches(glob, module) is expected


def test_many_stars_take_no_longer_than_a_few() -> None:
    assert not matches("*a" * 100 + "b", "a" * 2000)
