"""Package gobp: ``python -m release.package [--out dist]`` makes buildpack/ and gobp.cnb there."""

import argparse
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gobp.buildpack.helpers import source_files
from gobp.cnb.labels import BUILDPACK_LAYERS, BUILDPACKAGE_METADATA
from gobp.errors import UserError
from gobp.oci.blobs import BlobStore
from gobp.oci.image import ContainerConfig, History, Image, ImageConfig, Layer
from gobp.oci.layer_tar import Entry, FileContent, store_layer, write_tar
from gobp.oci.layout import write_layout
from release.helpers import PREBUILT, build_helpers
from release.runtime import (
    CONTAINER_CODE,
    HELPERS,
    ROOT,
    RUNTIME,
    build,
    host_architecture,
    run_compiler,
    say,
)
from release.tree import put_in_place, remove_sources, tree_hash, walk

_FILES = ("LICENSE", "buildpack.toml", "package.toml", "bin/build", "bin/detect", "bin/main.py")
_EXECUTABLE = frozenset({"bin/build", "bin/detect"})
_RUNTIME_PARTS = ("amd64", "arm64", "licenses", "packages")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m release.package", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder to write to")
    out = parser.parse_args(arguments).out
    try:
        host_architecture()
        build(RUNTIME)
        say(build_helpers(RUNTIME, HELPERS))
        out.mkdir(parents=True, exist_ok=True)
        stage(out / "buildpack", RUNTIME)
        say(f"{out / 'buildpack'} (tree {tree_hash(out / 'buildpack')})")
        digest = write_buildpackage(out / "buildpack", out / "gobp.cnb")
        say(f"{out / 'gobp.cnb'} (image {digest})")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def stage(target: Path, runtime: Path) -> None:
    """Make the complete buildpack folder: the interpreter, and gobp as byte code for it."""
    staging = target.with_name(f"{target.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    for name in _FILES:
        _copy(ROOT / name, staging / name, executable=name in _EXECUTABLE)
    for part in _RUNTIME_PARTS:
        shutil.copytree(runtime / part, staging / "runtime" / part)
    if (runtime / PREBUILT).is_dir():
        shutil.copytree(runtime / PREBUILT, staging / "runtime" / PREBUILT)
    for path in (*_container_code(ROOT / "gobp"), *source_files(HELPERS)):
        _copy(path, staging / path.relative_to(ROOT))
    say("compiling gobp")
    run_compiler(runtime, "sourceless", staging / "gobp", "gobp/", CONTAINER_CODE)
    remove_sources(staging / "gobp")
    put_in_place(staging, target)


def write_buildpackage(buildpack: Path, target: Path) -> str:
    """Write a buildpack folder as a .cnb file; return the digest of its image manifest.

    That is a plain tar of an image layout whose one layer holds the buildpack (CNB distribution
    specification, "Buildpackage"), so it is the same for every architecture.
    """
    descriptor = tomllib.loads((buildpack / "buildpack.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".cnb-") as folder:
        store = BlobStore(Path(folder, "blobs"))
        layer = store_layer(store, layer_entries(buildpack, descriptor["buildpack"]))
        layout = Path(folder, "layout")
        name = f"{descriptor['buildpack']['id']}:{descriptor['buildpack']['version']}"
        digest = write_layout(layout, _image(descriptor, layer), reference=name)
        part = Path(folder, target.name)
        with part.open("wb") as file:
            write_tar(file, _entries(layout, ""))
        part.replace(target)
    return digest


def layer_entries(buildpack: Path, about: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the layer of a buildpack; ``about`` is its ``[buildpack]`` table.

    pack wants the folders of the id and of the version first, and none above them.
    """
    home = f"/cnb/buildpacks/{about['id'].replace('/', '_')}"
    yield Entry.directory(home)
    yield Entry.directory(f"{home}/{about['version']}")
    yield from _entries(buildpack, f"{home}/{about['version']}")


def labels(descriptor: Mapping[str, Any], diff_id: str) -> dict[str, str]:
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


def _image(descriptor: Mapping[str, Any], layer: Layer) -> Image:
    config = ImageConfig(
        architecture="",  # one layer serves all; the labels list the targets
        config=ContainerConfig(labels=labels(descriptor, layer.diff_id)),
        history=(History(created_by=f"gobp {descriptor['buildpack']['version']}"),),
    )
    return Image.of(config, [layer])


def _container_code(gobp: Path) -> Iterator[Path]:
    """Yield the files that run in a build container: sources and the data beside them."""
    for part in CONTAINER_CODE:
        for path in walk(gobp / part) if (gobp / part).is_dir() else [gobp / part]:
            if path.suffix in {".py", ".toml"}:
                yield path


def _entries(folder: Path, target: str) -> Iterator[Entry]:
    for path in walk(folder):
        name = f"{target}/{path.relative_to(folder).as_posix()}"
        status = path.stat()
        if path.is_dir():
            yield Entry.directory(name)
        else:
            mode = 0o755 if status.st_mode & 0o111 else 0o644
            yield Entry.file(name, FileContent(path, status.st_size), mode=mode)


def _copy(source: Path, target: Path, *, executable: bool = False) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if executable else 0o644)


def _json(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())
