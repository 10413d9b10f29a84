"""The paths that a phase of a buildpack is given.

Source: buildpack specification, "Detection" and "Build". Apart from gobp.cnb.phases, because
bin/detect, which is timed, needs one of them and no more.
"""

from gobp.errors import UserError

TYPE_CHECKING = False  # as typing has it, which costs bin/detect more than its answer
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def given(
    name: str, env: "Mapping[str, str]", arguments: "Sequence[str]" = (), position: int = 0
) -> str:
    """Return a variable, else (Buildpack API < 0.8) the argument at ``position``.

    Raises UserError where neither is given.
    """
    if env.get(name):
        return env[name]
    if position < len(arguments) and arguments[position]:
        return arguments[position]
    raise UserError(
        f"the variable {name} is not set",
        remedy="let a platform (pack, kpack, gobp build) run this; it sets the variable.",
    )
