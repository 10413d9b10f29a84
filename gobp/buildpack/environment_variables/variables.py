"""Reading BPE_* into modifications of the launch environment."""

from collections.abc import Mapping

from gobp.cnb.env import Modification, Operation

# In this order, as Paketo tests them: BPE_DEFAULT_X sets a default of X, never plain DEFAULT_X.
_PREFIXES = (
    ("BPE_APPEND_", Operation.APPEND),
    ("BPE_DEFAULT_", Operation.DEFAULT),
    ("BPE_DELIM_", Operation.DELIMITER),
    ("BPE_OVERRIDE_", Operation.OVERRIDE),
    ("BPE_PREPEND_", Operation.PREPEND),
    ("BPE_", Operation.SET),
)


def launch_variables(platform_env: Mapping[str, str]) -> tuple[Modification, ...]:
    """Return the modifications that BPE_* variables ask for, sorted by variable."""
    modifications = {}
    for key in sorted(platform_env):
        for prefix, operation in _PREFIXES:
            name = key.removeprefix(prefix)
            if name and name != key:
                modifications[name, operation] = Modification(name, operation, platform_env[key])
                break
    return tuple(modifications.values())
