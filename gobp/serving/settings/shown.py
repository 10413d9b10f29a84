"""Settings for people to read: what holds, without secrets."""

import re
from typing import Any

import msgspec
import yaml

from gobp.serving.settings.section import Section
from gobp.serving.settings.values import written

_MASK = "***"
_IN_URL = re.compile(r"(?<=://)[^/@\s,|]*@")
_IN_CONNECTION = re.compile(r"(?<=password=)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
_HASH = "_hash"


def without_credentials(text: str) -> str:
    """Return a text, such as a URL or a connection string, with ``***`` for what is secret."""
    return _IN_CONNECTION.sub(_MASK, _IN_URL.sub(f"{_MASK}@", text))


def settings_text(settings: Section) -> str:
    """Return all settings as the YAML file that would set them, without secrets."""
    document = msgspec.to_builtins(settings, enc_hook=written)
    return yaml.safe_dump(_masked("", document), sort_keys=False, width=100)


def _masked(name: str, value: Any) -> Any:  # noqa: ANN401 # whatever YAML holds
    if isinstance(value, dict):
        return {key: _masked(key, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(name, inner) for inner in value]
    if isinstance(value, str):
        return _MASK if value and name.endswith(_HASH) else without_credentials(value)
    return value
