"""The image can trust certificates of bindings at run time, unless that is switched off."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.switches import is_on

_DISABLED = "BP_RUNTIME_CERT_BINDING_DISABLED"
_ENABLED = "BP_ENABLE_RUNTIME_CERT_BINDING"  # its older name, by the contrary


def detect(context: DetectContext) -> DetectResult:
    """Take part unless a variable says not to. Raises UserError on one that cannot be read."""
    if is_on(context.env, _DISABLED):
        return Fail(f"{_DISABLED} is on")
    if not is_on(context.env, _ENABLED, default=True):
        return Fail(f"{_ENABLED} is off")
    return Pass()
