"""The Go that is on the PATH, and what it says of itself.

Little is imported: ``gobp build`` asks in every build, also where nothing is to be done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gobp.buildpack.go.go_files import settings_of_go
from gobp.errors import UserError
from gobp.golang.version import GoVersion
from gobp.system.process import Commands

if TYPE_CHECKING:
    from gobp.buildpack.component import BuildContext

NEVER_A_SECOND_DOWNLOAD = "local"  # GOTOOLCHAIN: go-dist has chosen the version


@dataclass(frozen=True, slots=True)
class GoAtHand:
    """The Go on the PATH: its version, its root and the GOPROXY it is configured with."""

    version: GoVersion
    goroot: str
    goproxy: str


def go_at_hand(context: "BuildContext") -> GoAtHand | None:
    """Return the Go of the build image, None where there is none."""
    return installed_go(context.host.commands, context.env)


def installed_go(commands: Commands, env: Mapping[str, str]) -> GoAtHand | None:
    """Return the Go that is on the PATH, None where there is none or it is no release."""
    found = settings_of_go(env) or _asked(commands, env)
    if found is None:
        return None
    version, goroot, goproxy = found
    try:
        return GoAtHand(GoVersion.parse(version.split()[0]), goroot, goproxy)
    except (UserError, IndexError):  # a development version of Go
        return None


def _asked(commands: Commands, env: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return what go says of itself."""
    asking = {**env, "GOTOOLCHAIN": NEVER_A_SECOND_DOWNLOAD, "GOFLAGS": ""}
    argv = ("go", "env", "GOVERSION", "GOROOT", "GOPROXY")
    # The file system's root has no go.mod that could ask for another Go.
    asked = commands.capture(argv, cwd=Path("/"), env=asking)
    match asked.stdout.splitlines():
        case [version, goroot, goproxy] if asked.status == 0:
            return version, goroot, goproxy
        case _:
            return None
