"""What settings must be besides having the right types."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.errors import UserError
from gobp.modproxy.settings.schema import Settings

_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens: a host and port, or the path of a unix socket."""

    host: str = ""
    port: int = 0
    socket: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Return what ``127.0.0.1:8130``, ``[::1]:8130`` or ``unix:/path`` means; UserError."""
        if text.startswith("unix:"):
            return cls(socket=text.removeprefix("unix:"))
        host, _, port = text.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        if not port.isascii() or not port.isdecimal() or int(port) > 65535 or not bare:
            raise UserError(
                f"listen: {text!r} is no address to listen at",
                remedy="write ADDRESS:PORT as 0.0.0.0:8130 or [::]:8130, or unix:/path.",
            )
        return cls(bare, int(port))

    def __str__(self) -> str:
        if self.socket:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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
