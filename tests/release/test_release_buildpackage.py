import gzip
import json
import os
import tarfile
from pathlib import Path

import pytest

from gobp.cnb.labels import BUILDPACK_LAYERS, BUILDPACKAGE_METADATA
from gobp.oci.layout import read_layout
from release.buildpackage import write_buildpackage
from release.recipe import TreeFile
from release.tree import walk, write_tree

BUILDPACK_TOML = b"""
api = "0.10"
[buildpack]
id = "example/go"
version = "1.2.3"
name = "Example"
[[targets]]
os = "linux"
arch = "amd64"
[[stacks]]
id = "*"
"""


@pytest.fixture
def buildpack(tmp_path: Path) -> Path:
    root = tmp_path / "buildpack"
    files = {
        "buildpack.toml": TreeFile(BUILDPACK_TOML),
        "bin/detect": TreeFile(b"#!/bin/sh\n", executable=True),
    }
    write_tree(root, files)
    return root


def unpacked(cnb: Path, target: Path) -> Path:
    with tarfile.open(cnb) as tar:
        tar.extractall(target, filter="data")
    return target


def test_the_same_buildpack_gives_the_same_bytes(buildpack: Path, tmp_path: Path) -> None:
    write_buildpackage(buildpack, tmp_path / "one.cnb")
    for path in walk(buildpack):
        os.utime(path, (1, 1))
        if path.is_dir():
            path.chmod(0o700)
    (buildpack / "buildpack.toml").chmod(0o600)

    write_buildpackage(buildpack, tmp_path / "two.cnb")

    assert (tmp_path / "one.cnb").read_bytes() == (tmp_path / "two.cnb").read_bytes()


def test_the_file_is_a_tar_of_an_image_layout_as_pack_names_it(
    buildpack: Path, tmp_path: Path
) -> None:
    write_buildpackage(buildpack, tmp_path / "x.cnb")

    with tarfile.open(tmp_path / "x.cnb", "r:") as tar:
        members = tar.getmembers()
    assert {"/oci-layout", "/index.json", "/blobs/sha256"} <= {member.name for member in members}
    assert {(member.uid, member.gid, member.mtime) for member in members} == {(0, 0, 315532801)}


def test_the_layer_starts_with_the_folders_of_id_and_version(
    buildpack: Path, tmp_path: Path
) -> None:
    write_buildpackage(buildpack, tmp_path / "x.cnb")

    image = read_layout(unpacked(tmp_path / "x.cnb", tmp_path / "layout"))
    with image.layers[0].blob.open() as blob, tarfile.open(fileobj=gzip.open(blob)) as tar:
        entries = [(member.name, member.mode) for member in tar]
    home = "/cnb/buildpacks/example_go"
    assert entries == [
        (home, 0o755),
        (f"{home}/1.2.3", 0o755),
        (f"{home}/1.2.3/bin", 0o755),
        (f"{home}/1.2.3/bin/detect", 0o755),
        (f"{home}/1.2.3/buildpack.toml", 0o644),
    ]


def test_the_labels_say_what_the_layer_is(buildpack: Path, tmp_path: Path) -> None:
    write_buildpackage(buildpack, tmp_path / "x.cnb")

    image = read_layout(unpacked(tmp_path / "x.cnb", tmp_path / "layout"))
    found = image.config.config.labels
    assert json.loads(found[BUILDPACKAGE_METADATA]) == {
        "id": "example/go",
        "name": "Example",
        "stacks": [{"id": "*"}],
        "version": "1.2.3",
    }
    assert json.loads(found[BUILDPACK_LAYERS]) == {
        "example/go": {
            "1.2.3": {
                "api": "0.10",
                "layerDiffID": image.layers[0].diff_id,
                "name": "Example",
                "stacks": [{"id": "*"}],
                "targets": [{"os": "linux", "arch": "amd64"}],
            }
        }
    }
