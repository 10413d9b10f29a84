"""Generators run where the user asks for it."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.switches import is_generating
from gobp.cnb.build_plan import BuildPlan, Require


def detect(context: DetectContext) -> DetectResult:
    """Require Go where BP_GO_GENERATE is on. Raises UserError."""
    if not is_generating(context.env):
        return Fail("BP_GO_GENERATE is not on")
    return Pass(BuildPlan(requires=(Require("go", {"build": True}),)))
