"""There are certificates to trust when a binding brings them."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.cnb.bindings import of_type

BINDING = "ca-certificates"


def detect(context: DetectContext) -> DetectResult:
    """Take part when there is such a binding."""
    if not of_type(context.bindings, BINDING):
        return Fail(f"there is no binding of type {BINDING}")
    return Pass()
