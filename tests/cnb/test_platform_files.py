import pytest

from gobp.cnb import toml
from gobp.cnb.build_metadata import GroupMember
from gobp.cnb.build_plan import Require
from gobp.cnb.buildpack import GroupElement
from gobp.cnb.buildpack_plan import BuildpackPlan, Entry
from gobp.cnb.lifecycle_metadata import LifecycleMetadata, RunImageRecord
from gobp.cnb.phases import Target
from gobp.cnb.platform_files import Analyzed, GroupToml, OrderToml, Plan, PlanEntry, Report, RunToml
from gobp.cnb.toml import Table
from gobp.errors import UserError

_A, _B = GroupMember("a", "1.0.0"), GroupMember("b", "2.0.0")
_PLAN = Plan(
    (
        PlanEntry((_A, _B), (Require("go", {"build": True}), Require("go"))),
        PlanEntry((_B,), (Require("git"),)),
    )
)


def _through_text(document: Table) -> Table:
    return toml.loads(toml.dumps(document), source="x.toml")


def test_an_order_survives_its_file() -> None:
    order = OrderToml(
        ((GroupElement("a/b", "1.0.0", optional=True), GroupElement("c")), (GroupElement("d"),))
    )

    assert OrderToml.from_toml(_through_text(order.to_toml()), source="order.toml") == order


def test_a_group_survives_its_file() -> None:
    group = GroupToml((GroupMember("a", "1.0.0", "0.10", "https://example.com"), _B))

    assert GroupToml.from_toml(_through_text(group.to_toml()), source="group.toml") == group


def test_a_plan_survives_its_file() -> None:
    assert Plan.from_toml(_through_text(_PLAN.to_toml()), source="plan.toml") == _PLAN


def test_a_provider_in_the_plan_has_only_id_and_version() -> None:
    plan = Plan((PlanEntry((GroupMember("a", "1.0.0", "0.10", "home"),), (Require("x"),)),))

    assert plan.to_toml()["entries"] == [
        {"providers": [{"id": "a", "version": "1.0.0"}], "requires": [{"name": "x"}]}
    ]


def test_a_buildpack_gets_the_entries_that_it_provides() -> None:
    go = (Entry("go", {"build": True}), Entry("go"))

    assert _PLAN.for_buildpack("a") == BuildpackPlan(go)
    assert _PLAN.for_buildpack("b") == BuildpackPlan((*go, Entry("git")))
    assert _PLAN.for_buildpack("c") == BuildpackPlan()


def test_what_is_met_is_gone_for_later_buildpacks() -> None:
    assert _PLAN.without({"go"}) == Plan(_PLAN.entries[1:])
    assert _PLAN.without(()) == _PLAN


@pytest.mark.parametrize(
    "analyzed",
    [
        Analyzed(),
        Analyzed(
            "example.com/app@sha256:a",
            LifecycleMetadata(app=("sha256:x",)),
            "example.com/run@sha256:b",
            "example.com/run",
            Target("linux", "arm64", "v8", "debian", "12"),
        ),
        Analyzed(target=Target("linux", "amd64")),
    ],
)
def test_what_was_analyzed_survives_its_file(analyzed: Analyzed) -> None:
    document = _through_text(analyzed.to_toml())

    assert Analyzed.from_toml(document, source="analyzed.toml") == analyzed


def test_run_images_survive_their_file() -> None:
    run = RunToml((RunImageRecord(image="a", mirrors=("b", "c")), RunImageRecord(image="d")))

    assert RunToml.from_toml(_through_text(run.to_toml()), source="run.toml") == run


def test_a_run_image_needs_a_name() -> None:
    with pytest.raises(UserError, match=r"image is missing in run\.toml"):
        RunToml.from_toml({"images": [{"mirrors": ["a"]}]}, source="run.toml")


def test_a_report_has_what_is_known() -> None:
    assert Report(("app:latest",)).to_toml() == {"image": {"tags": ("app:latest",)}}
    assert toml.dumps(Report(("a",), "id", "sha256:d", 7).to_toml()) == (
        '[image]\ndigest = "sha256:d"\nimage-id = "id"\nmanifest-size = 7\ntags = ["a"]\n'
    )
