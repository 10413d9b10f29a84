"""bin/detect: says whether the app is a Go app, and why not."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.buildpack.component import DetectContext
from gobp.buildpack.facts import read_facts
from gobp.buildpack.group import OUTER_PLAN, Group, NotDetected, resolve_group
from gobp.cnb import toml
from gobp.cnb.phases import FAIL, PASS, DetectInputs
from gobp.errors import UserError
from gobp.system.files import DirectoryTree


def run(env: Mapping[str, str], arguments: Sequence[str], app_dir: Path) -> int:
    """Detect the app in ``app_dir``; return the exit status and write the build plan.

    A Go app whose configuration cannot be read passes, so that the build can say what is wrong:
    platforms show a build's output, but seldom a detect's.
    """
    inputs = DetectInputs.from_environment(env, arguments)
    group: Group | NotDetected | None
    try:
        facts = read_facts(app_dir, Path(inputs.platform_dir), inputs.target, env)
        group = resolve_group(facts)
    except UserError:
        group = _by_the_app_alone(app_dir, env)
    if isinstance(group, NotDetected):
        print(group.reason)  # noqa: T201 # the line that a platform shows when no group passes
        return FAIL
    Path(inputs.plan_path).write_text(toml.dumps(OUTER_PLAN.to_toml()), encoding="utf-8")
    return PASS


def _by_the_app_alone(app_dir: Path, env: Mapping[str, str]) -> Group | NotDetected | None:
    """Decide again without bindings, so that a broken one does not make every app a Go app.

    None stands for a Go app whose configuration cannot be read.
    """
    try:
        return resolve_group(DetectContext(DirectoryTree(app_dir), env))
    except UserError:
        return None
