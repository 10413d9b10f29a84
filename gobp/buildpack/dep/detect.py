"""dep can always be had; it takes part where something after it asks for it."""

from gobp.buildpack.component import DetectContext, DetectResult, Pass
from gobp.cnb.build_plan import BuildPlan

PLAN_NAME = "dep"


def detect(context: DetectContext) -> DetectResult:  # noqa: ARG001 # the shape of every detect
    """Provide dep."""
    return Pass(BuildPlan(provides=(PLAN_NAME,)))
