"""The documents of an image (OCI image specification 1.1) as frozen types, and an image itself.

Docker's media types are read as what they are equal to; only OCI's are written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gobp.errors import UserError
from gobp.oci import json_document
from gobp.oci.blobs import BlobSource
from gobp.oci.digest import check_digest, sha256_of
from gobp.oci.json_document import (
    JsonObject,
    get_int,
    get_object,
    get_objects,
    get_str,
    get_str_map,
    get_strs,
    without_empty,
)

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_FROM_DOCKER = {
    DOCKER_INDEX: INDEX,
    DOCKER_MANIFEST: MANIFEST,
    "application/vnd.docker.container.image.v1+json": CONFIG,
    "application/vnd.docker.image.rootfs.diff.tar": LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER_GZIP,
}
LAYER_LIMIT = 1000  # more than any container engine can mount
CREATED = "1980-01-01T00:00:01Z"  # the fixed time of the CNB platform specification's images


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on, in Go's words: ``linux``, ``arm64``, ``v8``."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Read ``os/architecture[/variant]``. Raises UserError on anything else."""
        parts = text.split("/")
        if len(parts) not in {2, 3} or not all(parts):
            raise UserError(
                f"{text!r} is not a platform", remedy="write OS/ARCHITECTURE, such as linux/arm64."
            )
        return cls(*parts)

    def __str__(self) -> str:
        """Return the form that :meth:`parse` reads."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Points at a blob (descriptor.md): its type, digest and size in bytes."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    def to_document(self) -> dict[str, object]:
        """Return the JSON object."""
        platform = None if self.platform is None else _platform_document(self.platform)
        optional = {"annotations": dict(self.annotations), "platform": platform}
        return {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
            **without_empty(optional),
        }

    @classmethod
    def from_document(cls, table: JsonObject, *, source: str) -> "Descriptor":
        """Read the JSON object. Raises UserError, naming ``source``, on a wrong one."""
        media_type = get_str(table, "mediaType", source=source)
        platform = get_object(table, "platform", source=source)
        return cls(
            _FROM_DOCKER.get(media_type, media_type),
            check_digest(get_str(table, "digest", source=source)),
            get_int(table, "size", source=source),
            _platform_from(platform, source) if platform else None,
            get_str_map(table, "annotations", source=source),
        )


@dataclass(frozen=True, slots=True)
class Index:
    """Several images, mostly one a platform (image-index.md)."""

    manifests: tuple[Descriptor, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Return the canonical bytes."""
        document = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [manifest.to_document() for manifest in self.manifests],
        }
        return json_document.dump(document | without_empty({"annotations": dict(self.annotations)}))

    @classmethod
    def from_json(cls, data: bytes, *, source: str) -> "Index":
        """Read an OCI index or a docker manifest list. Raises UserError on a wrong one."""
        table = json_document.load(data, source=source)
        manifests = get_objects(table, "manifests", source=source)
        return cls(
            tuple(Descriptor.from_document(manifest, source=source) for manifest in manifests),
            get_str_map(table, "annotations", source=source),
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image: its config and its layers, the lowest first (manifest.md)."""

    config: Descriptor
    layers: tuple[Descriptor, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Return the canonical bytes."""
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.config.to_document(),
            "layers": [layer.to_document() for layer in self.layers],
        }
        return json_document.dump(document | without_empty({"annotations": dict(self.annotations)}))

    @classmethod
    def from_json(cls, data: bytes, *, source: str) -> "Manifest":
        """Read an OCI or docker (schema 2) manifest. Raises UserError on a wrong one."""
        table = json_document.load(data, source=source)
        if table.get("schemaVersion") != 2 or "config" not in table:
            raise UserError(
                f"{source} is not an image manifest of schema version 2",
                remedy="push the image again with a current tool.",
            )
        layers = get_objects(table, "layers", source=source)
        if len(layers) > LAYER_LIMIT:
            raise UserError(
                f"{source} has {len(layers)} layers, more than {LAYER_LIMIT}",
                remedy="use an image that a container engine can run.",
            )
        return cls(
            Descriptor.from_document(get_object(table, "config", source=source), source=source),
            tuple(Descriptor.from_document(layer, source=source) for layer in layers),
            get_str_map(table, "annotations", source=source),
        )


@dataclass(frozen=True, slots=True)
class History:
    """How one layer, or none, came about (config.md, "history")."""

    created_by: str = ""
    created: str = CREATED
    empty_layer: bool = False
    author: str = ""
    comment: str = ""

    def to_document(self) -> dict[str, object]:
        """Return the JSON object."""
        document = {
            "created": self.created,
            "created_by": self.created_by,
            "empty_layer": self.empty_layer,
            "author": self.author,
            "comment": self.comment,
        }
        return without_empty(document)

    @classmethod
    def from_document(cls, table: JsonObject, *, source: str) -> "History":
        """Read the JSON object. Raises UserError on a wrong one."""
        return cls(
            get_str(table, "created_by", source=source),
            get_str(table, "created", source=source),
            table.get("empty_layer") is True,
            get_str(table, "author", source=source),
            get_str(table, "comment", source=source),
        )


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """How a container is started (config.md, "config"); ``env`` has ``NAME=value`` texts.

    ``other`` keeps the keys gobp has no use for (Healthcheck, StopSignal, ...), so that a run
    image's stay in force.
    """

    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    exposed_ports: tuple[str, ...] = ()
    other: Mapping[str, object] = field(default_factory=dict)

    def to_document(self) -> dict[str, object]:
        """Return the JSON object."""
        document = {
            "Env": list(self.env),
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.cmd),
            "User": self.user,
            "WorkingDir": self.working_dir,
            "Labels": dict(self.labels),
            "ExposedPorts": {port: {} for port in self.exposed_ports},
        }
        return {**self.other, **without_empty(document)}

    @classmethod
    def from_document(cls, table: JsonObject, *, source: str) -> "ContainerConfig":
        """Read the JSON object. Raises UserError on a wrong one."""
        known = {"Env", "Entrypoint", "Cmd", "User", "WorkingDir", "Labels", "ExposedPorts"}
        return cls(
            get_strs(table, "Env", source=source),
            get_strs(table, "Entrypoint", source=source),
            get_strs(table, "Cmd", source=source),
            get_str(table, "User", source=source),
            get_str(table, "WorkingDir", source=source),
            get_str_map(table, "Labels", source=source),
            tuple(sorted(get_object(table, "ExposedPorts", source=source))),
            {key: value for key, value in table.items() if key not in known},
        )


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What an image is (config.md); ``diff_ids`` are the digests of its uncompressed layers."""

    architecture: str
    os: str = "linux"
    variant: str = ""
    created: str = CREATED
    config: ContainerConfig = ContainerConfig()
    diff_ids: tuple[str, ...] = ()
    history: tuple[History, ...] = ()
    other: Mapping[str, object] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        """Return what the image runs on."""
        return Platform(self.os, self.architecture, self.variant)

    def to_json(self) -> bytes:
        """Return the canonical bytes."""
        optional = {
            "variant": self.variant,
            "created": self.created,
            "config": self.config.to_document(),
            "history": [entry.to_document() for entry in self.history],
        }
        return json_document.dump(
            {
                **self.other,
                **without_empty(optional),
                "architecture": self.architecture,
                "os": self.os,
                "rootfs": {"type": "layers", "diff_ids": list(self.diff_ids)},
            }
        )

    @classmethod
    def from_json(cls, data: bytes, *, source: str) -> "ImageConfig":
        """Read an OCI or docker config. Raises UserError, naming ``source``, on a wrong one."""
        table = json_document.load(data, source=source)
        known = {"architecture", "os", "variant", "created", "config", "rootfs", "history"}
        rootfs = get_object(table, "rootfs", source=source)
        history = get_objects(table, "history", source=source)
        return cls(
            get_str(table, "architecture", source=source),
            get_str(table, "os", source=source),
            get_str(table, "variant", source=source),
            get_str(table, "created", source=source),
            ContainerConfig.from_document(
                get_object(table, "config", source=source), source=source
            ),
            tuple(check_digest(text) for text in get_strs(rootfs, "diff_ids", source=source)),
            tuple(History.from_document(entry, source=source) for entry in history),
            {key: value for key, value in table.items() if key not in known},
        )


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: its blob, as the manifest names it, and the digest of the uncompressed tar."""

    descriptor: Descriptor
    diff_id: str
    blob: BlobSource


@dataclass(frozen=True, slots=True)
class Image:
    """A whole image, whose layers may still be far away.

    ``source_digest`` is the digest of the manifest it was read from, "" for one made here.
    """

    config: ImageConfig
    layers: tuple[Layer, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    source_digest: str = ""

    def __post_init__(self) -> None:
        """Hold config and layers together. Raises ValueError where they differ."""
        if self.config.diff_ids != tuple(layer.diff_id for layer in self.layers):
            raise ValueError("the config's diff_ids are not those of the layers")

    @classmethod
    def of(cls, config: ImageConfig, layers: Iterable[Layer]) -> "Image":
        """Return an image of these layers, the lowest first; ``config`` gets their diff ids."""
        kept = tuple(layers)
        diff_ids = tuple(layer.diff_id for layer in kept)
        return cls(replace(config, diff_ids=diff_ids), kept)

    @classmethod
    def read(
        cls,
        manifest: Manifest,
        config: ImageConfig,
        blobs: Iterable[BlobSource],
        *,
        source_digest: str,
        source: str,
    ) -> "Image":
        """Put together what was read. Raises UserError where config and manifest disagree."""
        if len(manifest.layers) != len(config.diff_ids):
            raise UserError(
                f"{source}: the manifest has {len(manifest.layers)} layers, "
                f"the config {len(config.diff_ids)}",
                remedy="the image is damaged or not a container image; get it again.",
            )
        parts = zip(manifest.layers, config.diff_ids, blobs, strict=True)
        layers = tuple(Layer(*part) for part in parts)
        return cls(config, layers, manifest.annotations, source_digest)

    @property
    def manifest(self) -> Manifest:
        """Return the manifest as it is written: config and layers by OCI's types."""
        config = self.config.to_json()
        descriptor = Descriptor(CONFIG, sha256_of(config), len(config))
        layers = tuple(layer.descriptor for layer in self.layers)
        return Manifest(descriptor, layers, self.annotations)


def _platform_document(platform: Platform) -> dict[str, object]:
    document = {
        "os": platform.os,
        "architecture": platform.architecture,
        "variant": platform.variant,
    }
    return without_empty(document)


def _platform_from(table: JsonObject, source: str) -> Platform:
    return Platform(
        get_str(table, "os", source=source),
        get_str(table, "architecture", source=source),
        get_str(table, "variant", source=source),
    )
