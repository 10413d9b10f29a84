"""What the group says to the platform once detect has passed."""

from gobp.cnb.inputs import given

TYPE_CHECKING = False  # as typing has it, which costs bin/detect more than its answer
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# As gobp.cnb.toml writes it, which costs more than all else of detect; a test compares them.
PLAN = """\
[[provides]]
name = "go"

[[requires]]
name = "go"

[requires.metadata]
build = true
"""


def write_outer_plan(env: "Mapping[str, str]", arguments: "Sequence[str]") -> None:
    """Write that the group brings Go, also for buildpacks after it. Raises UserError."""
    path = given("CNB_BUILD_PLAN_PATH", env, arguments, 1)
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 # pathlib is half a detect
        file.write(PLAN)
