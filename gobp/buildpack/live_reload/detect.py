"""Live reload is for those who ask for it; it needs Go in the image."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.switches import LIVE_RELOAD, is_on
from gobp.cnb.build_plan import BuildPlan, Require


def detect(context: DetectContext) -> DetectResult:
    """Require Go in the image where live reload is on. Raises UserError."""
    if not is_on(context.env, LIVE_RELOAD):
        return Fail(f"{LIVE_RELOAD} is not set to true")
    return Pass(BuildPlan(requires=(Require("go", {"build": True, "launch": True}),)))
