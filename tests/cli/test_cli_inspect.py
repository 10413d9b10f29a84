"""gobp inspect on images that these tests make."""

import json
from pathlib import Path

from click.testing import CliRunner

from gobp.cli.main import cli
from gobp.oci.archive import write_archive
from gobp.oci.layout import write_layout
from gobp.oci.reference import Reference
from tests.oci.oci_images import sample_image


def inspect(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["inspect", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_layout_and_an_archive_of_one_image_are_inspected_alike(tmp_path: Path) -> None:
    image = sample_image(tmp_path / "blobs")
    write_layout(tmp_path / "layout", image, reference="v1")
    write_archive(tmp_path / "image.tar", image, reference=Reference.parse("example.com/app:v1"))

    layout = inspect(str(tmp_path / "layout"))

    assert layout == inspect(str(tmp_path / "image.tar"))
    assert "entrypoint   /bin/app" in layout
    assert "  WHO=gobp" in layout


def test_json_holds_digest_labels_and_layer_sizes(tmp_path: Path) -> None:
    image = sample_image(tmp_path / "blobs")
    digest = write_layout(tmp_path / "layout", image, reference="v1")

    found = json.loads(inspect(str(tmp_path / "layout"), "--json"))

    assert found["digest"] == digest
    assert found["labels"]["a"] == "<b>&"
    sizes = [layer.descriptor.size for layer in image.layers]
    assert [size for _, size in found["layers"]] == sizes
