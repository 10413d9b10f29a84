"""Programs stay where nothing has changed, and the log says what has where something did."""

from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildpack.component import DetectContext
from gobp.buildpack.group import Group, Member
from gobp.buildpack.layers import Layers
from gobp.buildpack.unchanged.decision import Decision, decide, note
from gobp.buildpack.unchanged.key import Surroundings
from gobp.cnb import toml
from gobp.cnb.layer import LayerTypes
from gobp.cnb.phases import Target
from gobp.cnb.sbom import SbomFormat
from gobp.system.files import DirectoryTree

FORMATS = (SbomFormat.CYCLONEDX, SbomFormat.SPDX)
GO = {"version": "1.26.8", "source": "go.mod"}


class Builds:
    """Builds of one app, each of which finds what the lifecycle restores of the one before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.app = root / "app"
        self.app.mkdir()
        (self.app / "go.mod").write_text("module example.com/app\n")
        (root / "buildpack").mkdir()
        (root / "buildpack/buildpack.toml").write_text("")
        self.layers = root / "layers"
        self.env = {"PATH": str(root / "bin"), "CGO_ENABLED": "0", "HOME": str(root)}
        self.components = ["go-dist", "go-build", "sbom"]

    def surroundings(self) -> Surroundings:
        facts = DetectContext(DirectoryTree(self.app), self.env, target=Target("linux", "amd64"))
        return Surroundings(
            facts=facts,
            group=Group(tuple(Member(name, ()) for name in self.components), {}),
            app_dir=self.app,
            layers_dir=self.layers,
            buildpack_dir=self.root / "buildpack",
            metadata={"dependencies": [{"id": "go", "version": "1.26.8", "arch": "amd64"}]},
            architecture="amd64",
        )

    def decide(self) -> Decision:
        return decide(self.surroundings(), FORMATS)

    def build(self) -> str:
        """Build as a whole; return why the next build will do so too."""
        decision = self.decide()
        layers = Layers(self.layers)
        targets = layers.layer("targets")
        targets.reset()
        layers.contribute(targets, LayerTypes(launch=True), metadata={"programs": ["app"]})
        for each in FORMATS:
            (self.layers / f"targets.{each.extension}").write_text("{}")
        return note(decision, layers, self.app, GO)

    def store(self) -> object:
        path = self.layers / "store.toml"
        return toml.loads(path.read_text(), source="store.toml") if path.exists() else None


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    return Builds(tmp_path)


def test_a_first_build_has_nothing_to_keep_or_to_compare(builds: Builds) -> None:
    decision = builds.decide()

    assert (decision.keep, decision.because) == (False, "")


def test_programs_stay_where_nothing_has_changed(builds: Builds) -> None:
    assert builds.build() == ""

    decision = builds.decide()

    assert decision.keep
    assert decision.go == GO


def test_what_has_changed_is_named(builds: Builds) -> None:
    builds.build()
    (builds.app / "main.go").write_text("package main\n")
    builds.env |= {"BP_GO_TARGETS": ".", "SECRET_PLAN": "x"}

    decision = builds.decide()

    assert not decision.keep
    assert decision.because == "app changed, variables changed (BP_GO_TARGETS)"


def test_a_revert_of_an_edit_builds_again_as_the_image_has_the_edit(builds: Builds) -> None:
    builds.build()
    (builds.app / "main.go").write_text("package main\n")
    builds.build()
    (builds.app / "main.go").unlink()

    assert not builds.decide().keep


def test_without_a_previous_image_all_is_built(builds: Builds) -> None:
    builds.build()
    (builds.layers / "targets.toml").unlink()

    assert not builds.decide().keep


@pytest.mark.parametrize("each", FORMATS)
def test_without_its_bill_of_materials_an_image_is_built_anew(
    builds: Builds, each: SbomFormat
) -> None:
    builds.build()
    (builds.layers / f"targets.{each.extension}").unlink()

    assert builds.decide().because == "the bill of materials was not restored"


def test_a_bill_that_nobody_wants_is_not_missed(builds: Builds) -> None:
    builds.env["BP_DISABLE_SBOM"] = "true"
    builds.build()
    for each in FORMATS:
        (builds.layers / f"targets.{each.extension}").unlink()

    assert builds.decide().keep


def test_a_helper_that_needs_go_is_compiled(builds: Builds) -> None:
    builds.components.append("ca-certificates-helper")
    builds.build()

    assert builds.decide().because == "a helper for the image is to be compiled"


def test_metadata_of_another_gobp_is_no_key(builds: Builds) -> None:
    builds.build()
    for text in ('[metadata]\nprograms = ["app"]\n', '[metadata]\ninputs = "x"\n'):
        (builds.layers / "targets.toml").write_text(text)

        assert not builds.decide().keep


def test_a_key_with_groups_of_another_gobp_does_not_fit(builds: Builds) -> None:
    builds.build()
    path = builds.layers / "targets.toml"
    path.write_text(path.read_text().replace("[metadata.inputs]", '[metadata.inputs]\nmore = "1"'))

    assert builds.decide().because == "more changed"


def test_nothing_is_noted_of_a_build_that_was_not_foreseeable(builds: Builds) -> None:
    builds.components.append("go-generate")

    assert builds.build() == ""

    assert "go-generate takes part" in builds.decide().because
    assert "inputs" not in (builds.layers / "targets.toml").read_text()


def test_nothing_is_noted_where_the_build_has_changed_a_module_file(builds: Builds) -> None:
    decision = builds.decide()
    (builds.app / "go.sum").write_text("example.com/x v1.0.0 h1:x=\n")
    layers = Layers(builds.layers)
    targets = layers.layer("targets")
    targets.reset()
    layers.contribute(targets, LayerTypes(launch=True))

    assert "go.sum" in note(decision, layers, builds.app, GO)
    assert "inputs" not in (builds.layers / "targets.toml").read_text()
    assert builds.store() is None


def test_what_is_noted_is_a_function_of_the_inputs(builds: Builds) -> None:
    builds.build()
    first = (builds.layers / "targets.toml").read_bytes()

    builds.build()

    assert (builds.layers / "targets.toml").read_bytes() == first


def test_a_build_that_is_repeatable_says_so_and_no_other_does(builds: Builds) -> None:
    builds.build()
    assert builds.store() == {"metadata": {"repeatable": True}}
    assert builds.decide().keep
    assert builds.store() == {"metadata": {"repeatable": True}}

    builds.env["CGO_ENABLED"] = "1"
    builds.build()
    assert builds.store() is None


def test_a_decision_without_a_key_notes_nothing(builds: Builds) -> None:
    decision = replace(builds.decide(), key=None)

    assert note(decision, Layers(builds.layers), builds.app, GO) == ""
