"""There are processes to add when a Procfile, a binding or a variable names some."""

from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.procfile.processes import read_commands
from gobp.cnb.build_plan import BuildPlan, Require

PLAN_NAME = "procfile"


def detect(context: DetectContext) -> DetectResult:
    """Carry the commands in the plan: the build may remove the file before they are used."""
    commands = read_commands(context)
    if not commands:
        return Fail("no Procfile was found in the app, a binding or the environment")
    return Pass(BuildPlan(provides=(PLAN_NAME,), requires=(Require(PLAN_NAME, dict(commands)),)))
