"""The run image: what the app's layers are put on, from a layout, an archive or a registry."""

from dataclasses import dataclass
from pathlib import Path

from gobp.cnb.labels import DISTRO_NAME, DISTRO_VERSION
from gobp.cnb.phases import Target
from gobp.oci.archive import read_archive
from gobp.oci.image import Image, Platform
from gobp.oci.layout import LAYOUT_FILE, read_layout
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries


@dataclass(frozen=True, slots=True)
class RunImage:
    """A run image and the name by which the user knows it.

    ``embedded`` tells that it is gobp's own base, of which is known what it lacks.
    """

    image: Image
    name: str
    embedded: bool = False

    @property
    def reference(self) -> str:
        """Return the name pinned by digest, as labels have it."""
        digest = self.image.source_digest
        return f"{self.name}@{digest}" if digest else self.name

    def target(self, host: Target) -> Target:
        """Return the target of a build on this image.

        The distribution is the one of the image's labels; ``host`` where it names none, as in the
        lifecycle.
        """
        config = self.image.config
        labels = config.config.labels
        if DISTRO_NAME in labels or DISTRO_VERSION in labels:
            distro = labels.get(DISTRO_NAME, ""), labels.get(DISTRO_VERSION, "")
        else:
            distro = host.distro_name, host.distro_version
        return Target(config.os, config.architecture, config.variant, *distro)


def find_run_image(name: str, platform: Platform, registries: Registries) -> RunImage:
    """Read the image that a user names: a layout's folder, an archive's file, else a reference.

    Raises UserError where there is none, or none for the platform.
    """
    local = local_image(name, platform)
    if local is not None:
        return RunImage(local, name)
    reference = Reference.parse(name)
    return RunImage(registries.pull(reference, platform), reference.name)


def local_image(name: str, platform: Platform | None = None) -> Image | None:
    """Read the layout's folder or the archive's file that a name is, None where it is neither."""
    path = Path(name)
    if (path / LAYOUT_FILE).is_file():
        return read_layout(path, platform=platform)
    return read_archive(path, platform=platform) if path.is_file() else None
