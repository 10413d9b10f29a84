"""Whatever is a Go app is built, so Go is required for it."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.go_build.go_app import not_go_because
from gobp.cnb.build_plan import BuildPlan, Require


def detect(context: DetectContext) -> DetectResult:
    """Require Go for every Go app."""
    reason = not_go_because(context.app, context.env)
    if reason:
        return Fail(reason)
    return Pass(BuildPlan(requires=(Require("go", {"build": True}),)))
