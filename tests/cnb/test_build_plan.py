from textwrap import dedent

import pytest
from hypothesis import given

from gobp.cnb import toml
from gobp.cnb.build_plan import BuildPlan, Require
from gobp.errors import UserError
from tests.strategies_cnb import plans


@given(plans)
def test_every_plan_survives_its_file(plan: BuildPlan) -> None:
    document = toml.loads(toml.dumps(plan.to_toml()), source="plan.toml")

    assert BuildPlan.from_toml(document, source="plan.toml") == plan


def test_alternatives_are_written_as_or() -> None:
    plan = BuildPlan(
        provides=("go",),
        requires=(Require("go", {"version": "1.25.*", "build": True}),),
        alternatives=(BuildPlan(requires=(Require("git"),)),),
    )

    assert toml.dumps(plan.to_toml()) == dedent(
        """\
        [[or]]

        [[or.requires]]
        name = "git"

        [[provides]]
        name = "go"

        [[requires]]
        name = "go"

        [requires.metadata]
        build = true
        version = "1.25.*"
        """
    )


def test_an_empty_plan_is_an_empty_file() -> None:
    assert toml.dumps(BuildPlan().to_toml()) == ""


def test_the_plan_itself_is_the_first_of_its_options() -> None:
    other = BuildPlan(("node",))

    plan = BuildPlan(("go",), alternatives=(other,))

    assert plan.options == (BuildPlan(("go",)), other)


def test_a_version_outside_of_the_metadata_is_refused_as_by_the_lifecycle() -> None:
    document: dict[str, object] = {"requires": [{"name": "go", "version": "1.25"}]}

    with pytest.raises(UserError, match="requires go with a version at the top level"):
        BuildPlan.from_toml(document, source="plan.toml")


@pytest.mark.parametrize("key", ["provides", "requires"])
def test_a_dependency_without_name_is_refused(key: str) -> None:
    with pytest.raises(UserError, match=r"name is missing in plan\.toml"):
        BuildPlan.from_toml({"or": [{key: [{}]}]}, source="plan.toml")
