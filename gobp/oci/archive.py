"""An image as one file: a tar that is an OCI image layout and a docker archive at once.

skopeo and podman read it as either, ``docker load`` by its ``manifest.json`` (moby: image/spec,
"Combined Image JSON + Filesystem Changeset Format"). Both lists point to the same blobs.
"""

import io
import posixpath
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gobp.errors import UserError
from gobp.oci import json_document, tar_header
from gobp.oci.blobs import CHUNK, BlobSource, BytesBlob, copy_verified
from gobp.oci.choice import matches, read_image
from gobp.oci.digest import hex_of, sha256_of_stream
from gobp.oci.image import LAYER, LAYER_GZIP, Descriptor, Image, ImageConfig, Index, Layer, Platform
from gobp.oci.json_document import DOCUMENT_LIMIT, JsonObject, get_str, get_strs
from gobp.oci.layer_tar import MTIME
from gobp.oci.layout import (
    BLOBS,
    INDEX_FILE,
    LAYOUT,
    LAYOUT_FILE,
    blobs_of,
    choose_named,
    index_of,
)
from gobp.oci.reference import Reference

DOCKER_MANIFEST_FILE = "manifest.json"
_ENTRY_LIMIT = 20_000
_LINK_LIMIT = 10
_GZIP_MAGIC = b"\x1f\x8b"
_REMEDY = "write the archive again, with docker save, podman save, skopeo copy or gobp."


def write_archive(path: Path, image: Image, *, reference: Reference) -> str:
    """Write an image as an archive and return the digest of its manifest.

    The file appears whole or not at all; the same image and name give the same bytes. Raises
    UserError if a blob is damaged.
    """
    index = index_of(image, str(reference))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        new = Path(folder, "new")
        with new.open("wb") as out:
            for name, blob in _files(image, index, reference):
                _add_file(out, name, blob)
            out.write(tar_header.END)
        new.replace(path)
    return index.manifests[0].digest


def read_archive(
    path: Path, reference: str | None = None, platform: Platform | None = None
) -> Image:
    """Read one image of an OCI or docker archive; its layers stay in the file.

    ``reference`` and ``platform`` as for a layout, None where that does not matter. Raises
    UserError if there is no one such image, or it is damaged.
    """
    members = _Members(path)
    if members.has(LAYOUT_FILE) and members.has(INDEX_FILE):
        return _read_oci(members, reference, platform)
    if members.has(DOCKER_MANIFEST_FILE):
        return _read_docker(members, reference, platform)
    raise UserError(f"{path} is a tar, but not one of an image", remedy=_REMEDY)


def _files(image: Image, index: Index, reference: Reference) -> Iterator[tuple[str, BlobSource]]:
    yield LAYOUT_FILE, BytesBlob(LAYOUT)
    yield INDEX_FILE, BytesBlob(index.to_json())
    yield DOCKER_MANIFEST_FILE, BytesBlob(_docker_manifest(image, reference))
    for blob in sorted(blobs_of(image), key=lambda blob: blob.digest):
        yield _blob_name(blob.digest), blob


def _docker_manifest(image: Image, reference: Reference) -> bytes:
    manifest = image.manifest
    names = [f"{reference.name}:{reference.tag}"] if reference.tag else []
    entry = {
        "Config": _blob_name(manifest.config.digest),
        "Layers": [_blob_name(layer.digest) for layer in manifest.layers],
        "RepoTags": names,
    }
    return json_document.dump([entry])


def _blob_name(digest: str) -> str:
    return f"{BLOBS}/sha256/{hex_of(digest)}"


def _add_file(out: IO[bytes], name: str, blob: BlobSource) -> None:
    kind = tar_header.REGULAR
    fields = tar_header.Fields(name.encode(), kind, 0o644, 0, 0, blob.size, MTIME)
    out.write(tar_header.header(fields))
    copy_verified(blob, out)
    out.write(tar_header.padding(blob.size))


@dataclass(frozen=True, slots=True)
class _FilePart:
    """A blob that is a part of a larger file."""

    path: Path
    offset: int
    size: int
    digest: str = ""

    def open(self) -> IO[bytes]:
        """Open the part for one pass."""
        return io.BufferedReader(_PartReader(self), CHUNK)


class _PartReader(io.RawIOBase):
    def __init__(self, part: _FilePart) -> None:
        self._file = part.path.open("rb")
        self._file.seek(part.offset)
        self._left = part.size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what io hands us
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Members:
    """The files of a tar by their names; nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, _FilePart] = {}
        self._links: dict[str, str] = {}
        try:
            with tarfile.open(path, "r:") as tar:
                for count, member in enumerate(tar):
                    self._add(member, count)
        except (tarfile.TarError, OSError) as error:
            raise UserError(f"{path} is not a plain tar: {error}", remedy=_REMEDY) from error

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return name in self._files

    def part(self, name: str, digest: str = "") -> _FilePart:
        """Return where a file lies. Raises UserError if it is missing."""
        target = name
        for _ in range(_LINK_LIMIT):
            target = self._links.get(target, target)
        found = self._files.get(target)
        if found is None:
            raise UserError(f"{self.path} lacks the file {name}", remedy=_REMEDY)
        return _FilePart(found.path, found.offset, found.size, digest)

    def read(self, name: str) -> bytes:
        """Return a document, as much of it as a document may have."""
        with self.part(name).open() as file:
            return file.read(DOCUMENT_LIMIT + 1)

    def _add(self, member: tarfile.TarInfo, count: int) -> None:
        if count >= _ENTRY_LIMIT:
            raise UserError(f"{self.path} has more than {_ENTRY_LIMIT} entries", remedy=_REMEDY)
        name = _inside("", member.name)
        if member.isreg() and not member.issparse():
            self._files[name] = _FilePart(self.path, member.offset_data, member.size)
        elif member.issym():  # docker up to 24 links a layer that an archive has twice
            self._links[name] = _inside(posixpath.dirname(name), member.linkname)


def _inside(folder: str, name: str) -> str:
    """Return the clean name of a member; ".." ends at the root of the archive."""
    return posixpath.normpath(posixpath.join("/", folder, name)).lstrip("/")


def _read_oci(members: _Members, reference: str | None, platform: Platform | None) -> Image:
    source = str(members.path)
    index = Index.from_json(members.read(INDEX_FILE), source=f"{source}: {INDEX_FILE}")

    def blob_of(descriptor: Descriptor) -> BlobSource:
        part = members.part(_blob_name(descriptor.digest), descriptor.digest)
        if part.size != descriptor.size:
            raise UserError(f"{source}: {descriptor.digest} is incomplete", remedy=_REMEDY)
        return part

    chosen = choose_named(index, reference, platform, source=source)
    return read_image(chosen, blob_of, platform=platform, source=source)


def _read_docker(members: _Members, reference: str | None, platform: Platform | None) -> Image:
    source = str(members.path)
    document = members.read(DOCKER_MANIFEST_FILE)
    entries = json_document.load_objects(document, source=f"{source}: {DOCKER_MANIFEST_FILE}")
    entry = _choose_docker(entries, reference, source)
    config_file = get_str(entry, "Config", source=source)
    config = ImageConfig.from_json(members.read(config_file), source=f"{source}: {config_file}")
    if platform is not None and not matches(config.platform, platform):
        raise UserError(
            f"{source} is for {config.platform}, not for {platform}",
            remedy="save the image for that platform.",
        )
    names = get_strs(entry, "Layers", source=source)
    if len(names) != len(config.diff_ids):
        raise UserError(f"{source}: {config_file} has other layers than it lists", remedy=_REMEDY)
    pairs = zip(names, config.diff_ids, strict=True)
    return Image.of(config, [_docker_layer(members, name, diff_id) for name, diff_id in pairs])


def _choose_docker(
    entries: tuple[JsonObject, ...], reference: str | None, source: str
) -> JsonObject:
    names = [get_strs(entry, "RepoTags", source=source) for entry in entries]
    wanted = None if reference is None else Reference.parse(reference)
    for entry, tags in zip(entries, names, strict=True):
        named = wanted is not None and wanted in [Reference.parse(tag) for tag in tags]
        if named or (wanted is None and len(entries) == 1):
            return entry
    raise UserError(
        f"{source} holds {len(entries)} images"
        + ("" if reference is None else f", none of them named {reference}"),
        detail=f"it has: {', '.join(tag for tags in names for tag in tags)}",
        remedy="name one that it has, or none if there is but one.",
    )


def _docker_layer(members: _Members, name: str, diff_id: str) -> Layer:
    """Return a layer, whose digest a docker archive does not say."""
    part = members.part(name)
    with part.open() as file:
        compressed = file.read(2) == _GZIP_MAGIC
    with part.open() as file:
        digest = sha256_of_stream(file)
    if not compressed and digest != diff_id:
        raise UserError(f"{members.path}: the layer {name} is damaged", remedy=_REMEDY)
    media_type = LAYER_GZIP if compressed else LAYER
    blob = members.part(name, digest)
    return Layer(Descriptor(media_type, digest, blob.size), diff_id, blob)
