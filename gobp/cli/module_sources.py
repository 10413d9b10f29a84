"""Where a build gets modules from: as this machine does, through gobp's own proxy if one runs."""

import os

from gobp.log import BuildLog
from gobp.modproxy.running import Running, find_running

# Settings of this machine that a build needs to reach modules; a user's --env wins.
_NETWORK_SETTINGS = (
    *("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)


def module_sources(log: BuildLog, *, proxy: bool) -> dict[str, str]:
    """Return settings for a build; ``proxy`` tells whether a proxy of this machine may be used."""
    return _through_proxy(_machine_settings(), find_running(os.environ) if proxy else None, log)


def _machine_settings() -> dict[str, str]:
    """Return how this machine reaches modules; GOPROXY as its go is configured."""
    found = {name: os.environ[name] for name in _NETWORK_SETTINGS if os.environ.get(name)}
    if "GOPROXY" not in found:
        # A user who has set it in the environment need not wait for go and what asks it.
        from gobp.buildpack.go.installed import installed_go  # noqa: PLC0415
        from gobp.system.process import SystemCommands  # noqa: PLC0415

        at_hand = installed_go(SystemCommands(), os.environ)
        if at_hand and at_hand.goproxy:
            found["GOPROXY"] = at_hand.goproxy
    return found


def _through_proxy(
    settings: dict[str, str], proxy: Running | None, log: BuildLog
) -> dict[str, str]:
    """Return settings by which modules come through a proxy, and past it if it fails.

    Their sums are checked as before. Where nothing may be downloaded, nothing is.
    """
    goproxy = settings.get("GOPROXY", "off")
    if proxy is None or goproxy == "off":
        return settings
    log.title(f"Go modules come through gobp's proxy at {proxy.url} (--no-module-proxy: not)")
    return {**settings, "GOPROXY": f"{proxy.url}|{goproxy}"}
