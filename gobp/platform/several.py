"""One name for an image of several architectures: a build for each, joined in an index."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.oci.image import Image
from gobp.oci.layout import read_layout, write_index_layout
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from gobp.platform.creator import create
from gobp.platform.image_output import is_archive
from gobp.platform.repeat import recall
from gobp.platform.request import BuildOutcome, BuildRequest
from gobp.platform.workspace import cache_root
from gobp.system.process import Commands

_PART = (
    "image"  # below the cache of one architecture: its image, the previous one of the next build
)


def create_for_all(
    architectures: Sequence[str],
    request: BuildRequest,
    *,
    log: BuildLog,
    commands: Commands,
    environ: Mapping[str, str],
) -> BuildOutcome:
    """Build for each architecture in turn, with a cache of its own, and write one index.

    Processes of the outcome are those of the first. Raises PhaseFailed and UserError as create,
    and UserError where the output is an archive, which holds one image.
    """
    reference = Reference.parse(request.image)
    if request.output is not None and is_archive(request.output):
        raise UserError(
            f"{request.output} cannot hold an image for each of {', '.join(architectures)}",
            remedy="name a folder as output (an OCI layout), or publish the image.",
        )
    outcomes, images = [], []
    for architecture in architectures:
        log.title(f"Building for {request.os}/{architecture}")
        part = _part(request, reference, architecture)
        known = recall(part, log=log, environ=environ)
        outcomes.append(known or create(part, log=log, commands=commands, environ=environ))
        images.append(read_layout(Path(str(part.output))))
    digest, where = _join(request, reference, images, environ)
    first = outcomes[0]
    return replace(
        first,
        reference=str(reference),
        digest=digest,
        where=where,
        durations={
            f"{name} {architecture}": seconds
            for architecture, outcome in zip(architectures, outcomes, strict=True)
            for name, seconds in outcome.durations.items()
        },
    )


def _part(request: BuildRequest, reference: Reference, architecture: str) -> BuildRequest:
    """Return the request for one architecture, whose image stays with its cache."""
    name = f"{reference.name}-{architecture}"
    output = cache_root(request.cache_dir.resolve(), name) / _PART
    tagged = f"{name}:{reference.tag}" if reference.tag else name
    return replace(request, image=tagged, architecture=architecture, output=output, publish=False)


def _join(
    request: BuildRequest,
    reference: Reference,
    images: Sequence[Image],
    environ: Mapping[str, str],
) -> tuple[str, tuple[str, ...]]:
    """Write the images where they are wanted; return the index's digest and the places."""
    digest, where = "", []
    if request.output is not None:
        digest = write_index_layout(request.output, images, reference=str(reference))
        where.append(str(request.output))
    if request.publish:
        digest = Registries(environ).push_index(reference, images)
        where.append(reference.registry)
    return digest, tuple(where)
