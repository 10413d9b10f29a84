"""Programs are looked at where the user asks for it."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.vulnerabilities.config import is_wanted


def detect(context: DetectContext) -> DetectResult:
    """Take part where BP_GO_VULN or BP_GO_VULN_FAIL is on. Raises UserError."""
    return Pass() if is_wanted(context.env) else Fail("BP_GO_VULN is not on")
