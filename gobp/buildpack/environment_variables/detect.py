"""There are variables to set when the user gives one called BPE_*."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.environment_variables.variables import launch_variables


def detect(context: DetectContext) -> DetectResult:
    """Take part when a BPE_* variable comes from the platform."""
    if not launch_variables(context.platform_env):
        return Fail("no BPE_* variable was set")
    return Pass()
