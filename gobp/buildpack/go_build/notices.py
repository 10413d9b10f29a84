"""What go does without a word, told in the log: profiles it uses, C code it leaves out."""

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from gobp.buildpack.app.layout import AppLayout, Mode
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.flags import flag_name
from gobp.buildpack.go_build.config import BuildConfig
from gobp.buildpack.go_build.targets import find_programs
from gobp.golang.legacy_lock import LOCK_FILES
from gobp.golang.sourcefile import BuildTarget

_PROFILE = "default.pgo"
_USES_CGO = "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}"
_SHOWN = 5


def say_what_go_does(
    context: BuildContext, config: BuildConfig, *, cwd: Path, env: Mapping[str, str]
) -> None:
    """Log the profiles that guide the compiler, and warn of C code that no compiler is there for.

    ``cwd`` and ``env`` are those of the build.
    """
    for profile in _profiles(context, config, cwd):
        size = (cwd / profile).stat().st_size
        context.log.process(f"Optimizing with the profile {profile} ({size} bytes)")
    packages = _without_their_c_code(context, config, cwd, env)
    if packages:
        more = f" and {len(packages) - _SHOWN} more" if len(packages) > _SHOWN else ""
        context.log.warning(
            "built without their C code, as the build image has no C compiler: "
            f"{', '.join(packages[:_SHOWN])}{more}. Use a build image with gcc, or set "
            "CGO_ENABLED=0 if that is meant."
        )


def say_what_is_old(context: BuildContext, layout: AppLayout) -> None:
    """Log that an app from before modules can become one, where its lock file helps with that."""
    if layout.mode is not Mode.GOPATH:
        return
    for name in LOCK_FILES:
        if context.facts.app.has(posixpath.join(layout.workdir, name)):
            context.log.process(f"'gobp modernize' proposes a go.mod from {name}")
            return


def _profiles(context: BuildContext, config: BuildConfig, cwd: Path) -> Iterator[str]:
    """Yield the profiles in use: the one that a flag names, else each program's own."""
    named = [flag.partition("=")[2] for flag in config.flags if flag_name(flag) == "pgo"]
    if named and named[-1] != "auto":
        if (cwd / named[-1]).is_file():  # else "off", or for go to say what is wrong
            yield named[-1]
        return
    built_for = BuildTarget(context.facts.target.arch, config.tags)
    programs = find_programs(context.facts.app, config.layout, built_for).all
    for folder in sorted({path for path in programs if _is_target(path, config.targets)}):
        profile = posixpath.normpath(posixpath.join(folder, _PROFILE))
        if (cwd / profile).is_file():
            yield profile


def _is_target(folder: str, targets: tuple[str, ...]) -> bool:
    return any(
        f"{folder}/".startswith(target.removesuffix("...")) if "..." in target else folder == target
        for target in targets
    )


def _without_their_c_code(
    context: BuildContext, config: BuildConfig, cwd: Path, env: Mapping[str, str]
) -> list[str]:
    """Return the packages with C code where go has turned cgo off because it found no compiler.

    Go does so since 1.20 and says nothing; some packages then compile, and fail when they run.
    """
    if env.get("CGO_ENABLED", "") or env.get("GOARCH", context.host.architecture) != (
        context.host.architecture
    ):
        return []
    asked = context.host.commands.capture(("go", "env", "CGO_ENABLED"), cwd=cwd, env=env)
    if asked.stdout.strip() != "0":
        return []
    argv = ("go", "list", "-deps", "-f", _USES_CGO, *config.flags, *config.targets)
    listed = context.host.commands.capture(argv, cwd=cwd, env={**env, "CGO_ENABLED": "1"})
    return sorted(listed.stdout.split()) if listed.status == 0 else []
