"""Names and media types of software bills of materials.

Source: buildpack specification, "Bill-of-Materials".
"""

from enum import Enum

from gobp.errors import UserError


class SbomFormat(Enum):
    """A format; the value is its media type, as in ``sbom-formats`` of buildpack.toml."""

    CYCLONEDX = "application/vnd.cyclonedx+json"
    SPDX = "application/spdx+json"
    SYFT = "application/vnd.syft+json"

    @property
    def extension(self) -> str:
        """What follows the name of the layer and a dot in the file's name."""
        return _EXTENSIONS[self]

    @classmethod
    def parse(cls, media_type: str) -> "SbomFormat":
        """Read a media type; parameters, such as ``;version=1.4``, are ignored.

        Raises UserError where the specification has no such format.
        """
        bare = media_type.partition(";")[0].strip().lower()
        for each in cls:
            if each.value == bare:
                return each
        raise UserError(
            f"{media_type!r} is no format of an SBOM",
            remedy=f"use some of {', '.join(each.value for each in cls)}.",
        )


_EXTENSIONS = {
    SbomFormat.CYCLONEDX: "sbom.cdx.json",
    SbomFormat.SPDX: "sbom.spdx.json",
    SbomFormat.SYFT: "sbom.syft.json",
}

LAUNCH = "launch"
"""Stands for a layer's name where an SBOM is of the image, but of no one layer."""
BUILD = "build"
"""Stands for a layer's name where an SBOM is of what only the build used."""


def file_name(layer: str, sbom_format: SbomFormat) -> str:
    """Return the name, in ``<layers>``, of the SBOM of a layer, of LAUNCH or of BUILD."""
    return f"{layer}.{sbom_format.extension}"


def parse_file_name(name: str) -> tuple[str, SbomFormat] | None:
    """Return layer and format of a file in ``<layers>``; None where it is no SBOM."""
    for sbom_format, extension in _EXTENSIONS.items():
        layer = name.removesuffix(f".{extension}")
        if layer and layer != name:
            return layer, sbom_format
    return None
