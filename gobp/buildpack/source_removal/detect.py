"""The source goes, unless the image is to work on it: reload it, or test it."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.switches import LIVE_RELOAD, is_on, is_test_image


def detect(context: DetectContext) -> DetectResult:
    """Take part unless the image needs the source. Raises UserError."""
    if is_on(context.env, LIVE_RELOAD):
        return Fail(f"the source stays in the image: it is rebuilt there ({LIVE_RELOAD})")
    if is_test_image(context.env):
        return Fail("the source stays in the image: it is tested there (CNB_EXEC_ENV)")
    return Pass()
