"""Image layouts: an image as a directory of blobs (OCI image specification, image-layout.md)."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gobp.errors import UserError
from gobp.oci import json_document
from gobp.oci.blobs import BlobSource, BlobStore, BytesBlob
from gobp.oci.choice import choose, read_image
from gobp.oci.image import INDEX, MANIFEST, Descriptor, Image, Index, Platform
from gobp.oci.json_document import DOCUMENT_LIMIT
from gobp.system.files import remove_tree

LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
BLOBS = "blobs"
LAYOUT = json_document.dump({"imageLayoutVersion": "1.0.0"})
REF_NAME = "org.opencontainers.image.ref.name"


def write_layout(directory: Path, image: Image, *, reference: str) -> str:
    """Write an image as the one of a layout and return the digest of its manifest.

    ``reference`` is the name it gets there. The directory appears whole or not at all; a layout
    that is there is replaced. Raises UserError if something else is, or a blob is damaged.
    """
    index = index_of(image, reference)
    _write(directory, index, blobs_of(image))
    return index.manifests[0].digest


def write_index_layout(directory: Path, images: Sequence[Image], *, reference: str) -> str:
    """Write an image for each of several platforms under one name; return their index's digest.

    As write_layout in all else.
    """
    content = BytesBlob(Index(tuple(descriptor_of(image) for image in images)).to_json())
    named = Descriptor(INDEX, content.digest, content.size, annotations={REF_NAME: reference})
    blobs = {blob.digest: blob for image in images for blob in blobs_of(image)}
    _write(directory, Index((named,)), (*blobs.values(), content))
    return content.digest


def _write(directory: Path, index: Index, blobs: Iterable[BlobSource]) -> None:
    _check_replaceable(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}.") as name:
        new = Path(name, "new")
        store = BlobStore(new / BLOBS)
        for blob in blobs:
            store.add(blob)
        (new / LAYOUT_FILE).write_bytes(LAYOUT)
        (new / INDEX_FILE).write_bytes(index.to_json())
        if directory.exists():
            directory.rename(Path(name, "old"))
        new.rename(directory)
        remove_tree(Path(name, "old"))


def read_layout(
    directory: Path, reference: str | None = None, platform: Platform | None = None
) -> Image:
    """Read one image of a layout; its layers stay where they are and are checked when copied.

    ``reference`` is the name it has there, ``platform`` what it must run on; None where that does
    not matter. Raises UserError if there is no one such image, or it is damaged.
    """
    source = str(directory)
    if not (directory / LAYOUT_FILE).is_file() or not (directory / INDEX_FILE).is_file():
        raise UserError(
            f"{source} is not an OCI image layout",
            remedy=f"name a directory with {LAYOUT_FILE}, {INDEX_FILE} and {BLOBS} in it.",
        )
    with (directory / INDEX_FILE).open("rb") as file:
        index = Index.from_json(file.read(DOCUMENT_LIMIT + 1), source=f"{source}/{INDEX_FILE}")
    store = BlobStore(directory / BLOBS)

    def blob_of(descriptor: Descriptor) -> BlobSource:
        blob = store.find(descriptor.digest)
        if blob is None or blob.size != descriptor.size:
            raise UserError(
                f"{source} lacks the blob {descriptor.digest} of {descriptor.size} bytes",
                remedy="copy the image into the layout again.",
            )
        return blob

    chosen = choose_named(index, reference, platform, source=source)
    return read_image(chosen, blob_of, platform=platform, source=source)


def choose_named(
    index: Index, reference: str | None, platform: Platform | None, *, source: str
) -> Descriptor:
    """Return the entry of a layout's index that has a name. Raises UserError if none has."""
    if reference is None:
        return choose(index.manifests, platform=platform, source=source)
    named = [entry for entry in index.manifests if entry.annotations.get(REF_NAME) == reference]
    if not named:
        names = sorted({entry.annotations.get(REF_NAME, "") for entry in index.manifests} - {""})
        raise UserError(
            f"{source} has no image named {reference}",
            detail=f"it has: {', '.join(names) or 'no named image'}",
            remedy="name one that it has, or none if there is but one.",
        )
    return choose(named, platform=platform, source=source)


def index_of(image: Image, reference: str) -> Index:
    """Return the ``index.json`` of a layout that holds just this image."""
    return Index((replace(descriptor_of(image), annotations={REF_NAME: reference}),))


def descriptor_of(image: Image) -> Descriptor:
    """Return how an index names an image: its manifest, for its platform."""
    blob = BytesBlob(image.manifest.to_json())
    return Descriptor(MANIFEST, blob.digest, blob.size, image.config.platform)


def blobs_of(image: Image) -> Iterable[BlobSource]:
    """Return every blob of an image once: layers, config, manifest."""
    documents = (BytesBlob(image.config.to_json()), BytesBlob(image.manifest.to_json()))
    blobs = (*(layer.blob for layer in image.layers), *documents)
    return {blob.digest: blob for blob in blobs}.values()


def _check_replaceable(directory: Path) -> None:
    if not directory.exists() or (directory / LAYOUT_FILE).is_file():
        return
    if not directory.is_dir() or any(directory.iterdir()):
        raise UserError(
            f"{directory} exists and is not an OCI image layout",
            remedy="name a new directory, or remove this one.",
        )
