"""Every build has its bill of materials; where it is switched off, the image says so."""

from gobp.buildpack.component import DetectContext, DetectResult, Pass
from gobp.buildpack.sbom.config import read_config


def detect(context: DetectContext) -> DetectResult:
    """Take part always. Raises UserError on configuration that cannot be read."""
    read_config(context)
    return Pass()
