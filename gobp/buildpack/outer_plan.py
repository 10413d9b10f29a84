"""What the group says to the platform once detect has passed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.cnb import toml
from gobp.cnb.build_plan import BuildPlan, Require
from gobp.cnb.phases import DetectInputs

_PLAN = BuildPlan(provides=("go",), requires=(Require("go", {"build": True}),))


def write_outer_plan(env: Mapping[str, str], arguments: Sequence[str]) -> None:
    """Write that the group brings Go, also for buildpacks after it. Raises UserError."""
    inputs = DetectInputs.from_environment(env, arguments)
    Path(inputs.plan_path).write_text(toml.dumps(_PLAN.to_toml()), encoding="utf-8")
