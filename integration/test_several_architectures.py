"""gobp build for two architectures at once, to a real registry and to a layout."""

import os
import shutil
from pathlib import Path

import pytest

from gobp.oci.image import Image, Platform
from gobp.oci.layout import read_layout
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from gobp.platform.elf import elf_needs
from gobp.platform.unpack import unpack
from integration.docker import output_of
from integration.lab import ROOT

ARCHITECTURES = ("amd64", "arm64")
APP = ROOT / "samples/vendored"
SECONDS = 300
BOTH = [part for name in ARCHITECTURES for part in ("--target", f"linux/{name}")]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None:
        pytest.skip("the go command is not on PATH")
    return tmp_path_factory.mktemp("cache")


def gobp_build(cache: Path, *arguments: str) -> str:
    command = [str(ROOT / ".venv/bin/gobp"), "build", str(APP), "--cache-dir", str(cache)]
    return output_of([*command, *BOTH, *arguments], seconds=SECONDS)


def assert_program_of(image: Image, architecture: str, folder: Path) -> None:
    assert image.config.architecture == architecture
    folder.mkdir()
    unpack(image.layers, folder)
    program = elf_needs(folder / "layers/gobp_go/targets/bin/vendored")
    assert program is not None
    assert program.machine == architecture


def test_one_name_in_a_registry_has_an_image_for_each(
    cache: Path, registry: str, tmp_path: Path
) -> None:
    reference = Reference.parse(f"{registry}/gobp/both:v1")

    said = gobp_build(cache, "--tag", str(reference), "--publish")

    assert str(reference) in said
    for architecture in ARCHITECTURES:
        image = Registries(os.environ).pull(reference, Platform("linux", architecture))
        assert_program_of(image, architecture, tmp_path / architecture)


def test_one_layout_has_an_image_for_each_and_skopeo_finds_them(
    cache: Path, tmp_path: Path
) -> None:
    layout = tmp_path / "both.oci"

    gobp_build(cache, "--tag", "example.com/both:v1", "--output", str(layout))

    for architecture in ARCHITECTURES:
        image = read_layout(layout, platform=Platform("linux", architecture))
        assert_program_of(image, architecture, tmp_path / architecture)
        if shutil.which("skopeo"):
            argv = ["skopeo", "--override-arch", architecture, "inspect", "--format"]
            seen = output_of([*argv, "{{.Architecture}}", f"oci:{layout}"])
            assert seen.strip() == architecture
