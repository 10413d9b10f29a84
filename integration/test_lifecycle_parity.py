"""The real lifecycle's creator and ours on the same buildpacks: everything must be equal.

The creator runs in a private mount namespace where /layers and /workspace are the test's folders,
so that it sees the paths an image has.
"""

import json
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gobp.log import BuildLog
from gobp.oci.image import Image, Platform
from gobp.oci.layout import read_layout
from gobp.platform.creator import create
from gobp.platform.request import BuildRequest
from gobp.system.process import SystemCommands
from integration.creator import APP_IMAGE, LIFECYCLE, PATH, Creator, missing, write_run_image

TESTDATA = Path(__file__).parent / "testdata" / "parity"
ROOT = Path(__file__).parents[1]


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@dataclass(frozen=True)
class Made:
    """What one side made."""

    image: Image
    layers: Path
    report: Path

    def toml(self, name: str) -> dict[str, Any]:
        return tomllib.loads((self.layers / name).read_text())

    def label(self, name: str) -> Any:
        return json.loads(self.image.config.config.labels[name])


class Lab:
    """One set of buildpacks and one app, built by either side."""

    def __init__(
        self, root: Path, buildpacks: list[Path], app: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.root = root
        self.env = env or {}
        self.buildpacks = buildpacks
        self.app = app
        self.run_image = root / "real/layout/example.com/run/latest"
        self.report = root / "report"
        write_run_image(self.run_image)

    def real(self) -> Made:
        """Run the creator."""
        self.report.mkdir(mode=0o777)
        self.report.chmod(0o777)  # the buildpacks write there as another user
        env = {"PARITY_REPORT": str(self.report), **self.env}
        made = Creator(self.root / "real", self.buildpacks).create(self.app, env)
        kept = self.root / "real/kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.move(made.layers, kept)
        return Made(made.image, kept, self._keep_report("real"))

    def ours(self) -> Made:
        """Run our creator."""
        self.report.mkdir()
        request = BuildRequest(
            self.app,
            tuple(self.buildpacks),
            APP_IMAGE,
            self.root / "cache",
            self.root / "ours",
            env={"PARITY_REPORT": str(self.report), **self.env},
            run_image=str(self.run_image),
            launcher=LIFECYCLE,
        )
        outcome = create(request, log=BuildLog(), commands=SystemCommands(), environ={"PATH": PATH})
        return Made(read_layout(self.root / "ours"), outcome.layers_dir, self._keep_report("ours"))

    def _keep_report(self, name: str) -> Path:
        """Move the dump of a run away, so that both sides write to the same path."""
        kept = self.root / f"report-{name}"
        shutil.rmtree(kept, ignore_errors=True)
        self.report.rename(kept)
        return kept


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    names = ("example_provider", "example_consumer")
    return Lab(tmp_path, [TESTDATA / "buildpacks" / name for name in names], TESTDATA / "app")


def assert_same_image(real: Image, ours: Image) -> None:
    """Compare configs: all but what names the place of the run image."""
    assert ours.config.diff_ids == real.config.diff_ids
    assert ours.config.history == real.config.history
    assert ours.config.created == real.config.created
    assert ours.config.platform == real.config.platform
    theirs, own = real.config.config, ours.config.config
    assert (own.entrypoint, own.cmd, own.working_dir, own.user) == (
        theirs.entrypoint,
        theirs.cmd,
        theirs.working_dir,
        theirs.user,
    )
    assert own.env == theirs.env
    assert without_run_image(own.labels) == without_run_image(theirs.labels)


def without_run_image(labels: Mapping[str, str]) -> dict[str, str]:
    name = "io.buildpacks.lifecycle.metadata"
    head, _, run_image = labels[name].partition(',"runImage"')
    assert "topLayer" in run_image
    return {**labels, name: head}


def assert_same_files(real: Made, ours: Made) -> None:
    """Compare what the phases wrote for each other."""
    assert ours.toml("group.toml") == real.toml("group.toml")
    assert sorted_plan(ours.toml("plan.toml")) == sorted_plan(real.toml("plan.toml"))
    own, theirs = (made.layers / "config/metadata.toml" for made in (ours, real))
    assert own.read_bytes() == theirs.read_bytes()
    own_target = ours.toml("analyzed.toml")["run-image"]["target"]
    assert own_target == real.toml("analyzed.toml")["run-image"]["target"]


def sorted_plan(plan: dict[str, Any]) -> list[Any]:
    return sorted(plan["entries"], key=lambda entry: str(entry["requires"][0]["name"]))


def assert_same_report(real: Made, ours: Made) -> None:
    """Compare what the buildpacks saw: plans, environment and restored layers."""
    names = sorted(path.name for path in real.report.iterdir())
    assert sorted(path.name for path in ours.report.iterdir()) == names
    for name in names:
        own = (ours.report / name).read_text()
        theirs = (real.report / name).read_text()
        if name.endswith("-env"):
            assert environment(own, ours) == environment(theirs, real), name
        elif name.endswith(".toml"):
            assert tomllib.loads(own) == tomllib.loads(theirs), name
        elif name.endswith("-metadata"):
            assert metadata(own) == metadata(theirs), name
        else:
            assert own == theirs, name


def environment(text: str, made: Made) -> dict[str, str]:
    """Return variables as at the image's paths; those of the place itself by name only."""
    variables = dict(line.partition("=")[::2] for line in text.splitlines())
    for name in ("CNB_BP_PLAN_PATH", "CNB_BUILDPACK_DIR", "CNB_PLATFORM_DIR", "HOME"):
        variables[name] = "set" if name in variables else "missing"
    work = str(made.layers.parent)
    return {name: value.replace(work, "") for name, value in variables.items()}


def metadata(text: str) -> dict[str, Any]:
    """Return the restored TOML files by name."""
    parts = text.split("== ")[1:]
    return {part.partition("\n")[0]: tomllib.loads(part.partition("\n")[2]) for part in parts}


def test_a_first_build_is_the_lifecycles(lab: Lab) -> None:
    real, ours = lab.real(), lab.ours()

    assert_same_image(real.image, ours.image)
    assert_same_files(real, ours)
    assert_same_report(real, ours)


def test_a_second_build_sees_and_makes_what_it_does_with_the_lifecycle(lab: Lab) -> None:
    lab.real()
    lab.ours()

    real, ours = lab.real(), lab.ours()

    assert "./launch-cache/lib/libx.so" in (ours.report / "provider-restored").read_text()
    assert_same_image(real.image, ours.image)
    assert_same_files(real, ours)
    assert_same_report(real, ours)


def test_gobps_own_buildpack_gives_the_same_image_on_both(dist: Path, tmp_path: Path) -> None:
    if shutil.which("go", path=PATH) is None:
        pytest.skip("no go in /usr/local/go/bin: the buildpack would download one")
    env = {"BPE_GREETING": "hello", "BP_IMAGE_LABELS": "team=web", "BP_KEEP_FILES": "README.md"}
    own = Lab(tmp_path, [dist / "buildpack"], ROOT / "samples" / "vendored", env)

    real, ours = own.real(), own.ours()

    assert ours.label("io.buildpacks.build.metadata")["processes"]
    assert_same_image(real.image, ours.image)
    assert_same_files(real, ours)


def test_a_buildpack_that_makes_nothing_is_the_same(tmp_path: Path) -> None:
    buildpack = tmp_path / "nothing"
    (buildpack / "bin").mkdir(parents=True)
    (buildpack / "buildpack.toml").write_text(
        'api = "0.10"\n[buildpack]\nid = "example/nothing"\nversion = "1.0.0"\n'
        '[[targets]]\nos = "linux"\narch = "amd64"\n'
    )
    for name in ("detect", "build"):
        (buildpack / "bin" / name).write_text("#!/bin/sh\nexit 0\n")
        (buildpack / "bin" / name).chmod(0o755)
    nothing = Lab(tmp_path / "lab", [buildpack], TESTDATA / "app")

    real, ours = nothing.real(), nothing.ours()

    assert_same_image(real.image, ours.image)
    own, theirs = (made.layers / "config/metadata.toml" for made in (ours, real))
    assert own.read_bytes() == theirs.read_bytes()


def test_the_platforms_are_for_the_same_machine(lab: Lab) -> None:
    assert read_layout(lab.run_image).config.platform == Platform("linux", "amd64")
