"""Read the settings: the file, then variables ``GOBP_MODULES_...``, then flags."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from gobp.modproxy.settings.rules import check_settings, default_root
from gobp.modproxy.settings.schema import Settings
from gobp.serving.settings.reading import SettingsReader

PREFIX = "GOBP_MODULES_"
_READER = SettingsReader(
    Settings,
    PREFIX,
    "see docs/modproxy-settings.md, or gobp serve modules --help, for the settings.",
)
variables = _READER.variables


def load_settings(
    file: Path | None, env: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """Return the settings (see SettingsReader.read), completed; ``root`` is never empty.

    Raises UserError, which names the setting and where it was set.
    """
    settings = _READER.read(file, env, flags)
    if not settings.root:
        settings = msgspec.structs.replace(settings, root=default_root(env))
    check_settings(settings)
    return settings
