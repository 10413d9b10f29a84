"""One image for several architectures."""

from dataclasses import replace
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.oci.image import Platform
from gobp.oci.layout import read_layout
from gobp.platform.request import BuildOutcome, BuildRequest
from gobp.platform.several import create_for_all
from gobp.system.process import SystemCommands
from tests.platform.platform_lab import PATH, PlatformLab, make_buildpack

BUILD = 'mkdir "$CNB_LAYERS_DIR/arch"; echo "$CNB_TARGET_ARCH" > "$CNB_LAYERS_DIR/arch/is"\n'
BUILD += 'printf "[types]\\nlaunch = true\\n" > "$CNB_LAYERS_DIR/arch.toml"'
BOTH = ("amd64", "arm64")


@pytest.fixture
def lab(tmp_path: Path) -> PlatformLab:
    return PlatformLab.at(tmp_path)


def buildpack_of(root: Path) -> Path:
    """A buildpack that brings, as gobp's own does, the loaders of foreign machines."""
    buildpack = make_buildpack(root, build=BUILD)
    loaders = {"amd64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}
    for architecture, name in loaders.items():
        loader = buildpack / "runtime" / architecture / "lib" / name
        loader.parent.mkdir(parents=True)
        loader.write_text("a loader")
    return buildpack


def create(lab: PlatformLab, request: BuildRequest) -> BuildOutcome:
    return create_for_all(
        BOTH,
        request,
        log=BuildLog(lab.log),
        commands=SystemCommands(),
        environ={"PATH": PATH},
    )


def test_a_layout_holds_an_image_for_each_under_one_name(lab: PlatformLab, tmp_path: Path) -> None:
    buildpack = buildpack_of(tmp_path)

    outcome = create(lab, lab.request(buildpack))

    assert outcome.reference == "example.com/app:v1"
    assert outcome.where == (str(lab.root / "image"),)
    for architecture in BOTH:
        image = read_layout(lab.root / "image", platform=Platform("linux", architecture))
        assert image.config.architecture == architecture
    with pytest.raises(UserError, match="holds 2 images"):
        read_layout(lab.root / "image")


def test_a_second_build_gives_the_same_index(lab: PlatformLab, tmp_path: Path) -> None:
    buildpack = buildpack_of(tmp_path)

    first = create(lab, lab.request(buildpack))

    assert create(lab, lab.request(buildpack)).digest == first.digest


def test_an_archive_cannot_hold_them(lab: PlatformLab, tmp_path: Path) -> None:
    request = replace(lab.request(make_buildpack(tmp_path)), output=lab.root / "image.tar")

    with pytest.raises(UserError, match="cannot hold an image for each of amd64, arm64"):
        create(lab, request)

    assert not (lab.root / "image.tar").exists()
