"""bin/detect: says whether the app is a Go app, and why not."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.buildpack.component import DetectContext, Fail
from gobp.buildpack.go_build.detect import detect as go_build
from gobp.cnb import toml
from gobp.cnb.build_plan import BuildPlan, Require
from gobp.cnb.phases import FAIL, PASS, DetectInputs
from gobp.errors import UserError
from gobp.system.files import DirectoryTree

PLAN = BuildPlan(provides=("go",), requires=(Require("go", {"build": True}),))
"""What the group says to the platform: it brings Go, also for buildpacks after it."""


def run(env: Mapping[str, str], arguments: Sequence[str], app_dir: Path) -> int:
    """Detect the app in ``app_dir``; return the exit status and write the build plan.

    Of the components that the group cannot do without, go-build alone may decline, so it is asked
    and no other: detect is timed, and the build resolves the whole group.
    """
    inputs = DetectInputs.from_environment(env, arguments)
    reason = _not_go_because(DetectContext(DirectoryTree(app_dir), env))
    if reason:
        print(reason)  # noqa: T201 # the line that a platform shows when no group passes
        return FAIL
    Path(inputs.plan_path).write_text(toml.dumps(PLAN.to_toml()), encoding="utf-8")
    return PASS


def _not_go_because(context: DetectContext) -> str:
    """Return why this is no Go app, "" if it is one.

    A Go app whose configuration cannot be read passes, so that the build can say what is wrong:
    platforms show a build's output, but seldom a detect's.
    """
    try:
        result = go_build(context)
    except UserError:
        return ""
    return result.reason if isinstance(result, Fail) else ""
