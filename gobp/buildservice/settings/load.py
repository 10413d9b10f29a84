"""Read the settings: the file, then variables ``GOBP_BUILDS_...``, then flags."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gobp.buildservice.settings.schema import Settings
from gobp.errors import UserError
from gobp.serving.listening import Address
from gobp.serving.settings.reading import SettingsReader

PREFIX = "GOBP_BUILDS_"
_READER = SettingsReader(
    Settings,
    PREFIX,
    "see docs/buildservice-settings.md, or gobp serve builds --help, for the settings.",
)
variables = _READER.variables
_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


def load_settings(
    file: Path | None, env: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """Return the settings (see SettingsReader.read), completed; ``root`` is never empty.

    Raises UserError, which names the setting and where it was set.
    """
    settings = _READER.read(file, env, flags)
    if not settings.root:
        base = env.get("XDG_DATA_HOME") or f"{env.get('HOME') or Path.home()}/.local/share"
        settings = msgspec.structs.replace(settings, root=f"{base}/gobp/builds")
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    Address.parse(settings.listen)
    if not _BASE_PATH.fullmatch(settings.base_path):
        raise UserError(
            f"base_path: {settings.base_path!r} is no path to serve below",
            remedy="write it with a slash before and none after, as /builds.",
        )
    if settings.sandbox.kind == "none" and not settings.sandbox.i_trust_all_sources:
        raise UserError(
            "sandbox.kind: none would let the code of every repository do what this user may",
            remedy="leave it at bubblewrap (Debian's package bubblewrap), or set"
            " sandbox.i_trust_all_sources: true where all that may be built is your own.",
        )
    if settings.hooks and len({hook.name for hook in settings.hooks}) != len(settings.hooks):
        raise UserError("hooks: two have the same name", remedy="give each its own.")
