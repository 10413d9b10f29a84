"""The app is checked where the user asks for it, unless the image is to do it."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.go.checks import TEST, VET, asked
from gobp.buildpack.switches import is_test_image
from gobp.cnb.build_plan import BuildPlan, Require


def detect(context: DetectContext) -> DetectResult:
    """Require Go with its tools for tests. Raises UserError on variables that cannot be read."""
    if is_test_image(context.env):
        return Fail("the image runs the tests (CNB_EXEC_ENV)")
    if not asked(context.env, VET).on and not asked(context.env, TEST).on:
        return Fail(f"neither {VET} nor {TEST} is on")
    return Pass(BuildPlan(requires=(Require("go", {"build": True, "test": True}),)))
