"""What the go command would do here, where the settings say nothing of it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from gobp.errors import UserError
from gobp.modproxy.settings.schema import Settings
from gobp.serving.listening import Address
from gobp.serving.settings.shown import without_credentials
from gobp.system.process import Commands

GoEnv = Callable[[str], str]
_ENTRY = re.compile(r"([^,|]+)([,|]?)")
_NO_PROXIES = {"direct", "off", ""}
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # compared with, not bound


def go_env(commands: Commands, env: Mapping[str, str]) -> GoEnv:
    """Return how to look up a setting of go's: ``go env NAME``, or the variable without a go."""

    def look_up(name: str) -> str:
        answer = commands.capture(["go", "env", name], cwd=Path("/"), env=env)
        return answer.stdout.strip() if answer.status == 0 else env.get(name, "")

    return look_up


def completed(settings: Settings, look_up: GoEnv) -> Settings:
    """Return settings whose upstream and checksum database are named. Raises UserError.

    Of go's own GOPROXY the entries ``direct`` and ``off`` are left out: this server is there so
    that modules come from one place. Whoever wants them writes them in the settings.
    """
    proxies = settings.upstream.proxies or proxies_only(look_up("GOPROXY"))
    if not proxies:
        raise UserError(
            "no upstream is set, and go env GOPROXY names no proxy",
            remedy="set --upstream to the URL of a proxy, to direct for version control, or to off "
            "to serve only what is in the tree.",
        )
    _check_no_loop(settings, proxies)
    database = settings.sums.database or look_up("GOSUMDB") or "off"
    return msgspec.structs.replace(
        settings,
        upstream=msgspec.structs.replace(settings.upstream, proxies=proxies),
        sums=msgspec.structs.replace(settings.sums, database=database),
    )


def proxies_only(goproxy: str) -> str:
    """Return a GOPROXY without ``direct`` and ``off``; separators stay with the entry before."""
    entries = [(entry.strip(), after) for entry, after in _ENTRY.findall(goproxy)]
    kept = [(entry, after or ",") for entry, after in entries if entry not in _NO_PROXIES]
    return "".join(f"{entry}{after}" for entry, after in kept).rstrip(",|")


def _check_no_loop(settings: Settings, proxies: str) -> None:
    """Raise UserError where the server would ask itself: go's GOPROXY may name it already."""
    address = Address.parse(settings.listen)
    host = _ANY_ADDRESS.get(address.host, address.host)
    own = {f"{name}:{address.port}" for name in (host, "localhost", f"[{host}]")}
    for entry, _ in _ENTRY.findall(proxies):
        scheme, _, rest = entry.strip().partition("://")
        if scheme in {"http", "https"} and rest.partition("/")[0].rpartition("@")[2] in own:
            raise UserError(
                f"the upstream {without_credentials(entry)} is this server itself",
                remedy="set --upstream to another proxy; go env GOPROXY is asked otherwise.",
            )
