"""Where a finished image goes: into a layout in place, an archive, a registry."""

from pathlib import Path

from gobp.oci.archive import write_archive
from gobp.oci.blobs import BlobStore
from gobp.oci.image import Image
from gobp.oci.layout import (
    BLOBS,
    INDEX_FILE,
    LAYOUT,
    LAYOUT_FILE,
    blobs_of,
    index_of,
    write_layout,
)
from gobp.oci.reference import Reference
from gobp.system.files import write_atomically

ARCHIVE_SUFFIX = ".tar"


def is_archive(output: Path) -> bool:
    """Tell whether an output is written as one file."""
    return output.suffix == ARCHIVE_SUFFIX


def write_image(output: Path, image: Image, reference: Reference) -> str:
    """Write an image to a file ``*.tar`` or a layout's folder; return its digest."""
    if is_archive(output):
        return write_archive(output, image, reference=reference)
    if (output / LAYOUT_FILE).is_file():
        return _update_layout(output, image, str(reference))
    return write_layout(output, image, reference=str(reference))


def _update_layout(directory: Path, image: Image, reference: str) -> str:
    """Replace the image of a layout, keeping the blobs that it shares with the old one.

    The index is replaced in one step, before it nothing that it names is touched.
    """
    index = index_of(image, reference)
    store = BlobStore(directory / BLOBS)
    kept = set()
    for blob in blobs_of(image):
        kept.add(store.add(blob).path)
    write_atomically(directory / INDEX_FILE, index.to_json())
    write_atomically(directory / LAYOUT_FILE, LAYOUT)
    for path in sorted((directory / BLOBS).rglob("*")):
        if path.is_file() and path not in kept:
            path.unlink()
    return index.manifests[0].digest
