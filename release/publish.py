"""Pushes a buildpack folder to a registry: one index, an image for each architecture.

Each image has the interpreter, the helpers and the Go of its own architecture only, so it is about
half as large as the file for all (CNB distribution specification, "Buildpackage").
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gobp.cnb import toml
from gobp.oci.blobs import BlobStore
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from release.buildpackage import Document, buildpack_image, read_descriptor
from release.recipe import AMD64, ARM64

DEPENDENCIES = "dependencies"
"""Folder of a package for files that buildpack.toml names as ``file:///dependencies/...``."""
_ALL = frozenset(architecture.name for architecture in (AMD64, ARM64))
_FOR_PACK = "package.toml"  # how pack packages the folder, for both architectures


def publish(buildpack: Path, reference: str, env: Mapping[str, str]) -> str:
    """Push a packaged buildpack under a name and return it with the digest of its index.

    ``env`` is for the credentials of docker login. Raises UserError if the registry refuses.
    """
    name = Reference.parse(reference)
    with tempfile.TemporaryDirectory(prefix="gobp-publish-") as folder:
        store = BlobStore(Path(folder, "blobs"))
        images = []
        for architecture in architectures(read_descriptor(buildpack)):
            tree = Path(folder, architecture)
            narrow(buildpack, tree, architecture)
            images.append(buildpack_image(tree, store, architecture))
        digest = Registries(env).push_index(name, images)
    return f"{name.registry}/{name.repository}@{digest}"


def architectures(descriptor: Document) -> tuple[str, ...]:
    """Return the architectures that a buildpack lists as targets."""
    return tuple(target["arch"] for target in descriptor["targets"])


def narrow(buildpack: Path, target: Path, architecture: str) -> None:
    """Copy a packaged buildpack without what only other architectures need."""
    descriptor = for_architecture(read_descriptor(buildpack), architecture)
    needless = {f"runtime/{name}" for name in _ALL - {architecture}}
    needless |= {f"runtime/helpers/{name}" for name in _ALL - {architecture}}
    packaged = {path.name for path in (buildpack / DEPENDENCIES).glob("*")}
    needless |= {f"{DEPENDENCIES}/{name}" for name in packaged - packaged_files(descriptor)}
    needless |= {_FOR_PACK}

    def left_out(folder: str, names: list[str]) -> set[str]:
        place = Path(folder).relative_to(buildpack)
        return {name for name in names if (place / name).as_posix() in needless}

    shutil.copytree(buildpack, target, ignore=left_out)
    (target / "buildpack.toml").write_text(toml.dumps(descriptor), encoding="utf-8")


def for_architecture(descriptor: Document, architecture: str) -> Document:
    """Return buildpack.toml as of a package for one architecture."""
    metadata = descriptor["metadata"]
    dependencies = [each for each in metadata["dependencies"] if each["arch"] == architecture]
    return {
        **descriptor,
        "targets": [each for each in descriptor["targets"] if each["arch"] == architecture],
        "metadata": {**metadata, "dependencies": dependencies},
    }


def packaged_files(descriptor: Document) -> set[str]:
    """Return the names of the files of ``dependencies/`` that buildpack.toml names."""
    start = f"file:///{DEPENDENCIES}/"
    uris = [each["uri"] for each in descriptor["metadata"]["dependencies"] if "uri" in each]
    return {uri.removeprefix(start) for uri in uris if uri.startswith(start)}
