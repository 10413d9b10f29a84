import pytest

from gobp.cnb import toml
from gobp.cnb.buildpack_plan import BuildpackPlan, Entry
from gobp.errors import UserError

_PLAN = BuildpackPlan((Entry("go", {"version": "1.25"}), Entry("git"), Entry("go")))


def test_a_plan_survives_its_file() -> None:
    document = toml.loads(toml.dumps(_PLAN.to_toml()), source="plan.toml")

    assert BuildpackPlan.from_toml(document, source="plan.toml") == _PLAN


def test_entries_are_found_by_name_in_their_order() -> None:
    assert _PLAN.named("go") == (Entry("go", {"version": "1.25"}), Entry("go"))


def test_an_empty_plan_is_an_empty_file() -> None:
    assert BuildpackPlan().to_toml() == {}


def test_an_entry_without_name_is_refused() -> None:
    with pytest.raises(UserError, match="name is missing"):
        BuildpackPlan.from_toml({"entries": [{}]}, source="plan.toml")
