"""The analyze phase: what the image of the last build and the run image tell (cnb.md 2.4)."""

import json
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb import labels
from gobp.cnb.lifecycle_metadata import LifecycleMetadata
from gobp.cnb.phases import Target
from gobp.cnb.platform_files import Analyzed
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.oci.image import Image, Platform
from gobp.oci.registry import Registries
from gobp.platform.run_image import RunImage, find_run_image

_NOTHING = LifecycleMetadata()


@dataclass(frozen=True, slots=True)
class Previous:
    """The image of the last build, None if there is none, and what its label says."""

    image: Image | None = None
    reference: str = ""
    metadata: LifecycleMetadata = _NOTHING


def analyze(previous: Previous, run_image: RunImage, target: Target) -> Analyzed:
    """Return what analyzed.toml records."""
    return Analyzed(
        previous.reference, previous.metadata, run_image.reference, run_image.name, target
    )


def find_previous(name: str, platform: Platform, registries: Registries, log: BuildLog) -> Previous:
    """Read the image of the last build: a layout's folder, an archive's file or a reference.

    An image that is missing, damaged, for another platform or not made by buildpacks is as none:
    then everything is built anew.
    """
    path = Path(name)
    if path.is_absolute() and not path.exists():
        return Previous()
    try:
        found = find_run_image(name, platform, registries)
    except UserError as error:
        log.debug(f"No previous image: {error.summary}")
        return Previous()
    return Previous(found.image, found.reference, _metadata_of(found.image, name, log))


def _metadata_of(image: Image, name: str, log: BuildLog) -> LifecycleMetadata:
    text = image.config.config.labels.get(labels.LIFECYCLE_METADATA, "")
    if not text:
        return _NOTHING
    try:
        document = json.loads(text)
        return LifecycleMetadata.from_json(document, source=f"a label of {name}")
    except (ValueError, AttributeError, UserError) as error:
        log.debug(f"Ignoring what {name} says of its layers: {error}")
        return _NOTHING
