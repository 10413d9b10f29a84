"""The variables that a build sees, as far as they can matter, and without the secrets in them.

A digest of them becomes part of the image, where everybody may try to guess what it is of.
"""

import os
import re
from collections.abc import Iterable, Mapping

from gobp.buildpack.reporting.secrets import secrets_of
from gobp.buildpack.reporting.variables import is_known
from gobp.buildpack.unchanged.digests import digest_of, read_setting
from gobp.cnb.bindings import Binding

# Where a build runs and what it says. The folders of app and layers are inputs of their own, and
# so are bindings (VCAP_SERVICES) and what go and git find in HOME. LC_CTYPE is set by Python itself
# where there is no locale (PEP 538).
_CANNOT_MATTER = frozenset(
    {"_", "HOSTNAME", "OLDPWD", "PWD", "SHLVL", "BP_BUILD_REPORT", "BP_LOG_LEVEL"}
    | {"CNB_BP_PLAN_PATH", "CNB_BUILDPACK_DIR", "CNB_LAYERS_DIR", "CNB_PLATFORM_DIR"}
    | {"CNB_BUILD_PLAN_PATH", "VCAP_SERVICES", "HOME", "BP_GO_CACHE_VOLUME", "LC_CTYPE"}
)
_OF_THE_RUNNING_APP = "BPE_"
_NAME_OF_A_SECRET = re.compile(
    r"passw(or)?d|passphrase|secret|token|credential|(api|private|access)_?key", re.IGNORECASE
)
_USER_IN_ADDRESS = re.compile(r"//[^/\s,|]*@")
# Types of binding that hold addresses, commands and certificates.
_OPEN_BINDINGS = frozenset(
    {"ca-certificates", "dependency-mapping", "dependency-mirror", "procfile"}
)
_DIGITS = 12  # of a digest that only tells a name, never decides


def go_settings(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables as go sees them: with those of ``go env -w``. Raises OSError.

    Source: cmd/go/internal/cfg, ``EnvFile`` and ``initEnvCache``.
    """
    file = {}
    for line in read_setting(_settings_file(env)).splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            file[name] = value
    return {**file, **{name: value for name, value in env.items() if value or name not in file}}


def _settings_file(env: Mapping[str, str]) -> str:
    named = env.get("GOENV", "")
    if named:
        return "" if named == "off" else named
    folder = env.get("XDG_CONFIG_HOME", "") or os.path.join(env.get("HOME", ""), ".config")  # noqa: PTH118 # text
    return f"{folder}/go/env"


def inputs_of_variables(
    settings: Mapping[str, str], bindings: Iterable[Binding]
) -> tuple[str, dict[str, str]]:
    """Return the digest of all variables, and a short one of each that gobp and go know by name.

    A secret counts by its place among the secrets, so that a renewed one changes nothing.
    """
    secrets = secrets_of(settings, bindings)
    shown = {
        name: _without_secrets(name, value, secrets)
        for name, value in settings.items()
        if name not in _CANNOT_MATTER and not name.startswith(_OF_THE_RUNNING_APP)
    }
    total = digest_of(part for item in sorted(shown.items()) for part in item)
    known = {name: digest_of([shown[name]])[:_DIGITS] for name in sorted(shown) if is_known(name)}
    return total, known


def _without_secrets(name: str, value: str, secrets: Iterable[str]) -> str:
    if not is_known(name):
        if _NAME_OF_A_SECRET.search(name):
            return "set"
        for place, secret in enumerate(secrets):
            value = value.replace(secret, f"<secret {place}>")
    return _USER_IN_ADDRESS.sub("//", value)


def inputs_of_bindings(bindings: Iterable[Binding]) -> str:
    """Return the digest of bindings by name, type and keys; of open types by their values too."""
    parts: list[str] = []
    for binding in sorted(bindings, key=lambda each: each.name):
        values = binding.type.casefold() in _OPEN_BINDINGS
        parts += (binding.name, binding.type, binding.provider)
        for key in sorted(binding.secrets):
            parts += (key, binding.secrets[key] if values else "")
    return digest_of(parts)
