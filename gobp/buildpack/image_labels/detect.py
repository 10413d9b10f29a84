"""There are labels to add when a variable names some."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.image_labels.labels import image_labels


def detect(context: DetectContext) -> DetectResult:
    """Take part when BP_IMAGE_LABELS or a BP_OCI_* variable is set."""
    if not image_labels(context.env):
        return Fail("neither BP_IMAGE_LABELS nor a BP_OCI_* variable was set")
    return Pass()
