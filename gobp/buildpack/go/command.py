"""The go command as every component runs it: its environment, its output, its failures."""

import itertools
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.git_config import git_config
from gobp.buildpack.go.go_files import settings_of_go
from gobp.buildpack.reporting.steps import TAIL, run_logged
from gobp.errors import UserError
from gobp.golang.failures.explain import explain
from gobp.golang.version import GoVersion
from gobp.system.process import Commands

_NEVER_A_SECOND_DOWNLOAD = "local"  # GOTOOLCHAIN: go-dist has chosen the version


@dataclass(frozen=True, slots=True)
class GoAtHand:
    """The Go on the PATH: its version, its root and the GOPROXY it is configured with."""

    version: GoVersion
    goroot: str
    goproxy: str


def go_at_hand(context: BuildContext) -> GoAtHand | None:
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
    asking = {**env, "GOTOOLCHAIN": _NEVER_A_SECOND_DOWNLOAD, "GOFLAGS": ""}
    argv = ("go", "env", "GOVERSION", "GOROOT", "GOPROXY")
    # The file system's root has no go.mod that could ask for another Go.
    asked = commands.capture(argv, cwd=Path("/"), env=asking)
    match asked.stdout.splitlines():
        case [version, goroot, goproxy] if asked.status == 0:
            return version, goroot, goproxy
        case _:
            return None


def go_environment(env: Mapping[str, str], app_dir: Path) -> dict[str, str]:
    """Return the environment of every go command of a build.

    The version chosen stays (GOTOOLCHAIN), the module cache stays removable (-modcacherw), and
    git may read a repository that another user owns (safe.directory), as VCS stamping does, and
    trusts the authorities that go trusts (SSL_CERT_FILE, of which git does not know).
    """
    flags = env.get("GOFLAGS", "").split()
    if not any(flag.startswith(("-modcacherw", "--modcacherw")) for flag in flags):
        flags.append("-modcacherw")
    return {
        **env,
        "GOTOOLCHAIN": _NEVER_A_SECOND_DOWNLOAD,
        "GOFLAGS": " ".join(flags),
        **git_config(env, [("safe.directory", str(app_dir))]),
        "GIT_TERMINAL_PROMPT": "0",
        **_trusted_by_git(env),
    }


def _trusted_by_git(env: Mapping[str, str]) -> dict[str, str]:
    file = env.get("GIT_SSL_CAINFO") or env.get("SSL_CERT_FILE")
    return {"GIT_SSL_CAINFO": file} if file else {}


def run_go(
    context: BuildContext, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> None:
    """Run a go command, stream its output into the log. Raises UserError when it fails."""

    def failed(status: int, tail: Sequence[str]) -> UserError:
        return explain(_name(argv), status, tail, env)

    run_logged(context, argv, cwd=cwd, env=env, failed=failed)


def capture_go(
    context: BuildContext, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> str:
    """Run a go command and return what it prints. Raises UserError when it fails."""
    done = context.host.commands.capture(argv, cwd=cwd, env=env)
    if done.status != 0:
        lines = done.stderr.splitlines()[-TAIL:]
        context.log.subprocess(f"Running '{shlex.join(argv)}'")
        for line in lines:
            context.log.action(line)
        raise explain(_name(argv), done.status, lines, env)
    return done.stdout


def _name(argv: Sequence[str]) -> str:
    """Return the words of a command that name it: ``go mod vendor``, ``go build``."""
    return " ".join(itertools.takewhile(lambda word: not word.startswith("-"), argv[:3]))
