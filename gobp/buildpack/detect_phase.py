"""bin/detect: says whether the app is a Go app, and why not.

A builder asks this of every app, so it is timed: no module is imported that the answer does not
need, of gobp's or of Python's. tests/buildpack/test_detect_imports.py lists those that are.
"""

from gobp.buildpack.go_build.go_app import not_go_because
from gobp.cnb.exit_status import FAIL, PASS
from gobp.errors import UserError
from gobp.system.files import DirectoryTree

TYPE_CHECKING = False  # as typing has it, which costs bin/detect more than its answer
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run(env: "Mapping[str, str]", arguments: "Sequence[str]", app_dir: str) -> int:
    """Detect the app in ``app_dir``; return the exit status and write the build plan.

    Of the components that the group cannot do without, go-build alone may decline, so its
    question is asked and no other; the build resolves the whole group.
    """
    reason = _refusal(app_dir, env)
    if reason:
        print(reason)  # noqa: T201 # the line that a platform shows when no group passes
        return FAIL
    # Most apps that a builder sees are not Go's, and leave before this is imported.
    from gobp.buildpack.outer_plan import write_outer_plan  # noqa: PLC0415

    write_outer_plan(env, arguments)
    return PASS


def _refusal(app_dir: str, env: "Mapping[str, str]") -> str:
    """Return why this is no Go app, "" if it is one.

    A Go app whose configuration cannot be read passes, so that the build can say what is wrong:
    platforms show a build's output, but seldom a detect's.
    """
    try:
        return not_go_because(DirectoryTree(app_dir), env)
    except UserError:
        return ""
