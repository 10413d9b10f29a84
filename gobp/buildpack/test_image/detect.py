"""The image runs tests where the platform says so."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.switches import is_test_image
from gobp.cnb.build_plan import BuildPlan, Require


def detect(context: DetectContext) -> DetectResult:
    """Require Go in the image, with its tools for tests."""
    if not is_test_image(context.env):
        return Fail("CNB_EXEC_ENV is not test")
    metadata = {"build": True, "launch": True, "test": True}
    return Pass(BuildPlan(requires=(Require("go", metadata),)))
