"""Complete the settings with what the go command of this machine says."""

import msgspec

from gobp.buildservice.settings.schema import Settings
from gobp.errors import UserError
from gobp.modproxy.settings.go_env import GoEnv, proxies_only

_OFF = "off"


def completed(settings: Settings, look_up: GoEnv) -> Settings:
    """Return the settings with ``go``, ``sources.proxies`` and ``sources.sums`` never empty.

    ``look_up`` gives what ``go env`` says of a name. Repositories are never cloned by go itself:
    ``direct`` is left out of its own list. Raises UserError where there is no go.
    """
    version = look_up("GOVERSION").partition(" ")[0].removeprefix("go")
    if not version:
        raise UserError(
            "the go command is not on the PATH",
            remedy="install Go (https://go.dev/doc/install): builds compile with it.",
        )
    given = settings.sources
    sources = msgspec.structs.replace(
        given,
        proxies=given.proxies or proxies_only(look_up("GOPROXY")) or _OFF,
        sums=given.sums or look_up("GOSUMDB") or _OFF,
    )
    go = settings.go.removeprefix("go") or version
    return msgspec.structs.replace(settings, sources=sources, go=go)
