"""From a descriptor or an index to one image, the same for layouts, archives and registries."""

from collections.abc import Callable, Iterable

from gobp.errors import UserError
from gobp.oci.blobs import BlobSource, read_verified
from gobp.oci.image import (
    INDEX,
    MANIFEST,
    Descriptor,
    Image,
    ImageConfig,
    Index,
    Manifest,
    Platform,
)
from gobp.oci.json_document import DOCUMENT_LIMIT

BlobOf = Callable[[Descriptor], BlobSource]
_INDEX_DEPTH = 4  # an index in an index is allowed (image-index.md), an endless chain is not
_ATTESTATION = "vnd.docker.reference.type"  # BuildKit's notes on an image, kept beside it


def read_image(
    descriptor: Descriptor, blob_of: BlobOf, *, platform: Platform | None, source: str
) -> Image:
    """Read the image that a descriptor, of a manifest or an index, leads to.

    ``blob_of`` finds a blob without fetching it; of layers only that is asked. Raises UserError,
    naming ``source``, if there is no one image for ``platform`` (None: any) or it is damaged.
    """
    for _ in range(_INDEX_DEPTH):
        if descriptor.media_type != INDEX:
            break
        index = Index.from_json(_read(blob_of(descriptor), source), source=source)
        descriptor = choose(index.manifests, platform=platform, source=source)
    if descriptor.media_type != MANIFEST:
        raise UserError(
            f"{source} is not an image but {descriptor.media_type or 'of no known type'}",
            remedy="name an image in OCI's format or docker's (schema 2).",
        )
    manifest = Manifest.from_json(_read(blob_of(descriptor), source), source=source)
    config = ImageConfig.from_json(_read(blob_of(manifest.config), source), source=source)
    if platform is not None and not matches(config.platform, platform):
        raise _none_for(platform, source, [config.platform])
    blobs = [blob_of(layer) for layer in manifest.layers]
    return Image.read(manifest, config, blobs, source_digest=descriptor.digest, source=source)


def choose(
    manifests: Iterable[Descriptor], *, platform: Platform | None, source: str
) -> Descriptor:
    """Return the one manifest for a platform, a fully equal one before others.

    Without a platform there must be just one. Raises UserError with the platforms there are.
    """
    images = [entry for entry in manifests if _ATTESTATION not in entry.annotations]
    if platform is None:
        if len(images) == 1:
            return images[0]
        raise UserError(
            f"{source} holds {len(images)} images, not one",
            detail="\n".join(
                f"{entry.platform or 'no platform'} {entry.digest}" for entry in images
            ),
            remedy="name the platform, or the digest, of the one you mean.",
        )
    fitting = [e for e in images if e.platform is None or matches(e.platform, platform)]
    if not fitting:
        raise _none_for(platform, source, [e.platform for e in images if e.platform is not None])
    return next((entry for entry in fitting if entry.platform == platform), fitting[0])


def matches(present: Platform, wanted: Platform) -> bool:
    """Tell whether an image serves a platform; where one names no variant, any will do."""
    same = (present.os, present.architecture) == (wanted.os, wanted.architecture)
    return same and (present.variant == wanted.variant or not (present.variant and wanted.variant))


def _read(blob: BlobSource, source: str) -> bytes:
    if blob.size > DOCUMENT_LIMIT:
        raise UserError(
            f"{source}: a manifest or config of {blob.size} bytes is too large",
            remedy="the image is damaged or not a container image; get it again.",
        )
    return read_verified(blob)


def _none_for(platform: Platform, source: str, present: Iterable[Platform]) -> UserError:
    return UserError(
        f"{source} has no image for {platform}",
        detail="it has: " + ", ".join(sorted({str(one) for one in present})),
        remedy="name a platform that it has, or an image that has this platform.",
    )
