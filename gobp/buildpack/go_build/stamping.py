"""The revision that go writes into programs (``-buildvcs``): on where it works, off with a reason.

By itself go fails where git cannot read the repository (it is then run once more, without), and
says nothing where there is no git.
Source: cmd/go, ``load.setBuildInfo`` and ``vcs.FromDir``.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.app.layout import Mode
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.flags import flag_name
from gobp.buildpack.go_build.config import BuildConfig

_FLAG = "buildvcs"
_WHAT_GO_ASKS = (
    ("git", "status", "--porcelain"),
    ("git", "-c", "log.showsignature=false", "log", "-1", "--format=%H"),
)


def stamping_flags(
    context: BuildContext, config: BuildConfig, folder: Path, env: Mapping[str, str]
) -> tuple[str, ...]:
    """Return ``-buildvcs=false`` where files show that go would fail or be silent, and say why.

    ``folder`` is where go runs, ``env`` its environment. A flag of the user wins.
    """
    found = None if _is_decided(config, env) else _repository(folder)
    return _off(context, _unusable_because(context, found, env)) if found else ()


def flags_after_failure(
    context: BuildContext, config: BuildConfig, folder: Path, env: Mapping[str, str]
) -> tuple[str, ...]:
    """Return ``-buildvcs=false`` where git cannot read the repository, and say why.

    git is asked only once go has failed for its sake: most builds need no process for this.
    """
    found = None if _is_decided(config, env) else _repository(folder)
    return _off(context, _unreadable_because(context, found, env)) if found else ()


def _is_decided(config: BuildConfig, env: Mapping[str, str]) -> bool:
    """Tell whether the user, the mode of GOPATH or an earlier look has the last word."""
    given = {flag_name(flag) for flag in (*config.flags, *env.get("GOFLAGS", "").split())}
    return _FLAG in given or config.layout.mode is Mode.GOPATH


def _repository(folder: Path) -> Path | None:
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), None)


def _off(context: BuildContext, reason: str) -> tuple[str, ...]:
    if not reason:
        return ()
    context.log.subprocess(f"No revision is written into the programs: {reason}")
    return (f"-{_FLAG}=false",)


def _unusable_because(context: BuildContext, found: Path, env: Mapping[str, str]) -> str:
    """Return why go does not get at the repository in a folder, "" where nothing shows that.

    go passes over a ``.git`` that is a file (a worktree, a submodule) and would take the next
    repository above; one above the app is not the app's.
    """
    if not found.is_relative_to(context.app_dir):
        return f"the git repository around the app begins above it, in {found}"
    if not (found / ".git").is_dir():
        return "the app is a git worktree or submodule, whose repository is elsewhere"
    if shutil.which("git", path=env.get("PATH", "")) is None:
        return "the build image has no git"
    return ""


def _unreadable_because(context: BuildContext, found: Path, env: Mapping[str, str]) -> str:
    for argv in _WHAT_GO_ASKS:
        asked = context.host.commands.capture(argv, cwd=found, env=env)
        if asked.status != 0:
            return f"git cannot read the repository: {_fatal(asked.stderr)}"
    return ""


def _fatal(text: str) -> str:
    """Return the line of what git says that names what is fatal."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return (fatal or lines or ["it says nothing"])[0]
