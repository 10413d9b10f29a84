from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.cnb.build_plan import BuildPlan, Require
from gobp.cnb.buildpack_plan import Entry
from gobp.cnb.resolution import Candidate, Dependency, Resolution, Unresolved, resolve
from tests.strategies_cnb import plans


def plan(text: str) -> BuildPlan:
    """Read "+x -y | -z": provides x and requires y, or else requires z."""
    first, *others = (
        BuildPlan(
            tuple(word[1:] for word in option.split() if word[0] == "+"),
            tuple(Require(word[1:]) for word in option.split() if word[0] == "-"),
        )
        for option in text.split("|")
    )
    return replace(first, alternatives=tuple(others))


def group(*lines: str) -> list[Candidate]:
    """Read "a? +x": the optional buildpack a provides x."""
    candidates = []
    for line in lines:
        name, _, text = line.partition(" ")
        candidates.append(Candidate(name.rstrip("?"), name.endswith("?"), plan(text)))
    return candidates


CASES = {
    "nothing to agree on": (group("a", "b"), "a b"),
    "provided before required": (group("a +x", "b -x"), "a b"),
    "required before provided": (group("a -x", "b +x"), ""),
    "required by nobody": (group("a +x"), ""),
    "provided by nobody": (group("a -x"), ""),
    "provided and required by the same": (group("a +x -x"), "a"),
    "provided by several for one": (group("a +x", "b +x", "c -x"), "a b c"),
    "provided by one for several": (group("a +x", "b -x", "c -x"), "a b c"),
    "provided again after the last require": (group("a +x", "b -x", "c +x"), ""),
    "provided again before another require": (group("a +x", "b -x", "c +x", "d -x"), "a b c d"),
    "an optional one provides in vain": (group("a? +x", "b"), "b"),
    "an optional one requires in vain": (group("a? -x", "b"), "b"),
    "an optional one that is needed stays": (group("a? +x", "b -x"), "a b"),
    "one goes and then the one that it needed": (group("a? +x", "b? -x -y", "c"), "c"),
    "one goes and then the one that needs it": (group("a? +x -y", "b? -x", "c"), "c"),
    "one goes and a required one needs it": (group("a? +x -y", "b -x"), ""),
    "all are optional and go": (group("a? +x", "b? -y"), ""),
    "no buildpack at all": (group(), ""),
    "the first alternative that works": (group("a +x | +y", "b -y"), "a b"),
    "the last buildpack's alternatives come first": (group("a +x | +y", "b -z | -y | -x"), "a b"),
    "an alternative that asks for nothing": (group("a -x | ", "b"), "a b"),
    "optional counts only for the last alternative": (group("a? -x | -y", "b"), "b"),
    "an optional one is no way out of an early alternative": (
        group("a? +x | +y | +z", "b -y | "),
        "a b",
    ),
    "a later alternative brings an optional one in": (group("a? +x", "b -y | -x"), "a b"),
}


@pytest.mark.parametrize(
    ("candidates", "ids"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_a_group_is_resolved_as_by_the_lifecycle(candidates: list[Candidate], ids: str) -> None:
    outcome = resolve(candidates)

    taking_part = outcome.ids if isinstance(outcome, Resolution) else ()
    assert taking_part == tuple(ids.split())


def test_the_last_buildpacks_alternatives_are_tried_before_the_first_ones() -> None:
    outcome = resolve(group("a +x | +y", "b -y | -x"))

    assert isinstance(outcome, Resolution)
    assert outcome.dependencies == (Dependency("x", ("a",), (Require("x"),)),)


def test_each_provider_gets_all_requires_of_its_names_with_their_metadata() -> None:
    candidates = [
        Candidate("dist", optional=False, plan=BuildPlan(("go",))),
        Candidate("other", optional=True, plan=BuildPlan(("go", "git"))),
        Candidate("mod", optional=False, plan=BuildPlan((), (Require("go", {"build": True}),))),
        Candidate("build", optional=False, plan=BuildPlan((), (Require("go"), Require("git")))),
    ]

    outcome = resolve(candidates)

    assert isinstance(outcome, Resolution)
    go = (Entry("go", {"build": True}), Entry("go"))
    assert outcome.entries == {
        "dist": go,
        "other": (Entry("git"), *go),
        "mod": (),
        "build": (),
    }


def test_reasons_name_the_buildpack_and_what_it_lacks() -> None:
    outcome = resolve(group("a -x | -y", "b +z"))

    assert outcome == Unresolved(
        (
            "a requires x, which no buildpack before it provides",
            "b provides z, which no buildpack after it requires",
            "a requires y, which no buildpack before it provides",
        )
    )


def test_what_is_skipped_is_said() -> None:
    outcome = resolve(group("a? +x", "b"))

    assert isinstance(outcome, Resolution)
    assert outcome.skipped == ("a provides x, which no buildpack after it requires",)


def test_nothing_left_is_a_reason() -> None:
    outcome = resolve(group("a? +x"))

    assert isinstance(outcome, Unresolved)
    assert outcome.reasons[-1] == "no buildpack is left"


candidate_lists = st.lists(st.tuples(st.booleans(), plans), max_size=5).map(
    lambda rows: [Candidate(f"b{i}", optional, each) for i, (optional, each) in enumerate(rows)]
)


@given(candidate_lists)
def test_what_is_left_agrees_without_anything_optional(candidates: list[Candidate]) -> None:
    outcome = resolve(candidates)
    if isinstance(outcome, Unresolved):
        return

    survivors = [replace(each, optional=False) for each in candidates if each.id in outcome.ids]

    again = resolve(survivors)
    assert isinstance(again, Resolution)
    assert (again.ids, again.dependencies) == (outcome.ids, outcome.dependencies)


@given(candidate_lists)
def test_required_buildpacks_are_never_left_out(candidates: list[Candidate]) -> None:
    outcome = resolve(candidates)

    if isinstance(outcome, Resolution):
        assert {each.id for each in candidates if not each.optional} <= set(outcome.ids)
    else:
        assert outcome.reasons


@given(candidate_lists)
def test_every_dependency_is_provided_before_it_is_required(candidates: list[Candidate]) -> None:
    outcome = resolve(candidates)

    if isinstance(outcome, Resolution):
        for dependency in outcome.dependencies:
            assert dependency.providers
            assert dependency.requires
