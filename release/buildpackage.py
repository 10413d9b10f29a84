"""A buildpack folder as an image: a .cnb file, or what a registry is given."""

import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gobp.cnb.labels import BUILDPACK_LAYERS, BUILDPACKAGE_METADATA
from gobp.oci.blobs import BlobStore
from gobp.oci.image import ContainerConfig, History, Image, ImageConfig
from gobp.oci.layer_tar import Entry, FileContent, store_layer, write_tar
from gobp.oci.layout import write_layout
from release.tree import walk

Document = Mapping[str, Any]
"""What buildpack.toml holds."""


def read_descriptor(buildpack: Path) -> dict[str, Any]:
    """Return what the buildpack.toml of a folder holds."""
    return tomllib.loads((buildpack / "buildpack.toml").read_text(encoding="utf-8"))


def write_buildpackage(buildpack: Path, target: Path) -> str:
    """Write a buildpack folder as a .cnb file; return the digest of its image manifest.

    That is a plain tar of an image layout whose one layer holds the buildpack (CNB distribution
    specification, "Buildpackage"), so it is the same for every architecture.
    """
    about = read_descriptor(buildpack)["buildpack"]
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".cnb-") as folder:
        image = buildpack_image(buildpack, BlobStore(Path(folder, "blobs")))
        layout = Path(folder, "layout")
        digest = write_layout(layout, image, reference=f"{about['id']}:{about['version']}")
        part = Path(folder, target.name)
        with part.open("wb") as file:
            write_tar(file, _entries(layout, ""))
        part.replace(target)
    return digest


def buildpack_image(buildpack: Path, store: BlobStore, architecture: str = "") -> Image:
    """Return a buildpack folder as an image of one layer, which is written to ``store``.

    Without an architecture it is for all that the labels list as targets.
    """
    descriptor = read_descriptor(buildpack)
    layer = store_layer(store, layer_entries(buildpack, descriptor["buildpack"]))
    config = ImageConfig(
        architecture=architecture,
        config=ContainerConfig(labels=labels(descriptor, layer.diff_id)),
        history=(History(created_by=f"gobp {descriptor['buildpack']['version']}"),),
    )
    return Image.of(config, [layer])


def layer_entries(buildpack: Path, about: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the layer of a buildpack; ``about`` is its ``[buildpack]`` table.

    pack wants the folders of the id and of the version first, and none above them.
    """
    home = f"/cnb/buildpacks/{about['id'].replace('/', '_')}"
    yield Entry.directory(home)
    yield Entry.directory(f"{home}/{about['version']}")
    yield from _entries(buildpack, f"{home}/{about['version']}")


def labels(descriptor: Document, diff_id: str) -> dict[str, str]:
    """Return the labels of a buildpackage's image, from buildpack.toml and its layer's diff id."""
    about = descriptor["buildpack"]
    optional = {key: about[key] for key in ("name", "homepage") if key in about}
    fit = {key: descriptor[key] for key in ("stacks", "targets") if key in descriptor}
    layer = {"api": descriptor["api"], "layerDiffID": diff_id, **optional, **fit}
    package = {"id": about["id"], "version": about["version"], **optional}
    return {
        BUILDPACKAGE_METADATA: _json({**package, "stacks": fit.get("stacks", [])}),
        BUILDPACK_LAYERS: _json({about["id"]: {about["version"]: layer}}),
    }


def _entries(folder: Path, target: str) -> Iterator[Entry]:
    for path in walk(folder):
        name = f"{target}/{path.relative_to(folder).as_posix()}"
        status = path.stat()
        if path.is_dir():
            yield Entry.directory(name)
        else:
            mode = 0o755 if status.st_mode & 0o111 else 0o644
            yield Entry.file(name, FileContent(path, status.st_size), mode=mode)


def _json(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
