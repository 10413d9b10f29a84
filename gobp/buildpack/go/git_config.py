"""Settings of git that hold for one build, given in variables: no file of the user's is touched.

Source: git-config(1), "GIT_CONFIG_COUNT"; git reads them since version 2.31.
"""

from collections.abc import Iterable, Mapping

_COUNT = "GIT_CONFIG_COUNT"


def git_config(env: Mapping[str, str], settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the variables that add settings (name, value) to those that ``env`` names already."""
    count = env.get(_COUNT, "")
    number = int(count) if count.isdecimal() else 0
    variables = {}
    for name, value in settings:
        variables[f"GIT_CONFIG_KEY_{number}"] = name
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
        number += 1
    return {_COUNT: str(number), **variables}
