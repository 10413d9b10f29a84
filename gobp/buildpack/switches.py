"""Variables that are on or off, read as Go's strconv.ParseBool and so as Paketo reads them."""

from collections.abc import Mapping

from gobp.errors import UserError

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_TEST = "test"
LIVE_RELOAD = "BP_LIVE_RELOAD_ENABLED"


def is_on(env: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Tell whether a variable is on; an empty one counts as not set.

    Raises UserError on a value that is neither true nor false.
    """
    value = env.get(name, "").strip()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise UserError(
            f"{name} is {value!r}, which is neither true nor false",
            remedy=f"set {name} to true or false.",
        )
    return value in _TRUE


def is_generating(env: Mapping[str, str]) -> bool:
    """Tell whether the app's generators run, so that its source is not whole yet."""
    return is_on(env, "BP_GO_GENERATE")


def is_test_image(env: Mapping[str, str]) -> bool:
    """Tell whether the image is to run the app's tests (buildpack spec, "Execution Environments").

    The platform names its purpose in CNB_EXEC_ENV: ``production``, ``test`` or ``development``.
    """
    return env.get("CNB_EXEC_ENV", "") == _TEST


def is_debug(env: Mapping[str, str]) -> bool:
    """Tell whether the log is to say more (BP_LOG_LEVEL)."""
    return env.get("BP_LOG_LEVEL", "").lower() == "debug"
