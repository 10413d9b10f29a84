"""The go command as every component runs it: its environment, its output, its failures."""

import itertools
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.git_config import git_config
from gobp.buildpack.go.installed import NEVER_A_SECOND_DOWNLOAD
from gobp.buildpack.reporting.steps import TAIL, run_logged
from gobp.errors import UserError
from gobp.golang.failures.explain import explain


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
        "GOTOOLCHAIN": NEVER_A_SECOND_DOWNLOAD,
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
