"""What settings must be besides having the right types."""

import re
from collections.abc import Mapping
from pathlib import Path

from gobp.errors import UserError
from gobp.modproxy.settings.schema import Settings
from gobp.serving.listening import Address

_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


def default_root(env: Mapping[str, str]) -> str:
    """Return the folder of the trees, by the XDG base directory specification."""
    base = env.get("XDG_DATA_HOME") or f"{env.get('HOME') or Path.home()}/.local/share"
    return f"{base}/gobp/modules"


def check_settings(settings: Settings) -> None:
    """Raise UserError where a setting has the right type and still cannot be meant."""
    Address.parse(settings.listen)
    if not _BASE_PATH.fullmatch(settings.base_path):
        raise UserError(
            f"base_path: {settings.base_path!r} is no path to serve below",
            remedy="write it with a slash before and none after, as /team/go.",
        )
    if settings.tls is not None and settings.listen.startswith("unix:"):
        raise UserError(
            "tls: a unix socket has no TLS",
            remedy="remove the section tls, or listen at an address and port.",
        )
