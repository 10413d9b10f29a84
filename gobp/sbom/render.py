"""A bill of materials as the text of a file: the same for the same bill, on any machine."""

from gobp.cnb.sbom import SbomFormat
from gobp.sbom import cyclonedx, spdx, syft
from gobp.sbom.bill import Bill
from gobp.sbom.origin import Origin, as_text

_WRITERS = {
    SbomFormat.CYCLONEDX: cyclonedx.document,
    SbomFormat.SPDX: spdx.document,
    SbomFormat.SYFT: syft.document,
}


def render(bill: Bill, sbom_format: SbomFormat, origin: Origin) -> str:
    """Return a bill as JSON in a format."""
    return as_text(_WRITERS[sbom_format](bill, origin))
