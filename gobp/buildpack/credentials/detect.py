"""There are credentials to hand on when a binding of one of their types is there."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.credentials.types import TYPES
from gobp.cnb.bindings import of_type


def detect(context: DetectContext) -> DetectResult:
    """Take part when a binding is of a type that holds credentials."""
    if any(of_type(context.bindings, each) for each in TYPES):
        return Pass()
    return Fail(f"there is no binding of type {', '.join(TYPES)}")
