"""What go does without a word, told in the log: profiles it uses, C code it leaves out."""

import os
import posixpath
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from gobp.buildpack.app.layout import AppLayout, Mode
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.flags import flag_name
from gobp.buildpack.go_build.config import BuildConfig
from gobp.buildpack.go_build.targets import find_programs
from gobp.golang.legacy_lock import LOCK_FILES
from gobp.golang.sourcefile import BuildTarget, name_matches
from gobp.system.files import HEAD_LIMIT

_PROFILE = "default.pgo"
_USES_CGO = "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}"
_COMPILER = "gcc"  # go's default on Linux
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
    for folder in sorted(set(_folders(context, config))):
        profile = posixpath.normpath(posixpath.join(folder, _PROFILE))
        if (cwd / profile).is_file():
            yield profile


def _folders(context: BuildContext, config: BuildConfig) -> Iterator[str]:
    """Yield the targets that are folders; only patterns make it necessary to look for programs."""
    patterns = [target.removesuffix("...") for target in config.targets if "..." in target]
    yield from (target for target in config.targets if "..." not in target)
    if patterns:
        built_for = BuildTarget(context.facts.target.arch, config.tags)
        found = find_programs(context.facts.app, config.layout, built_for).all
        yield from (path for path in found if f"{path}/".startswith(tuple(patterns)))


def _without_their_c_code(
    context: BuildContext, config: BuildConfig, cwd: Path, env: Mapping[str, str]
) -> list[str]:
    """Return the packages with C code where go has turned cgo off because it found no compiler.

    Go does so since 1.20 and says nothing; some packages then compile, and fail when they run.
    """
    if _has_cgo_as_meant(context, env) or not _may_have_c_code(context, config):
        return []
    argv = ("go", "list", "-deps", "-f", _USES_CGO, *config.flags, *config.targets)
    listed = context.host.commands.capture(argv, cwd=cwd, env={**env, "CGO_ENABLED": "1"})
    return sorted(listed.stdout.split()) if listed.status == 0 else []


def _has_cgo_as_meant(context: BuildContext, env: Mapping[str, str]) -> bool:
    """Tell whether cgo is on, or off for another reason than that there is no compiler.

    Source: cmd/go/internal/cfg, ``defaultContext``.
    """
    here = context.host.architecture
    decided = env.get("CGO_ENABLED") or env.get("CC") or env.get("GOARCH", here) != here
    return bool(decided) or shutil.which(_COMPILER, path=env.get("PATH", "")) is not None


def _may_have_c_code(context: BuildContext, config: BuildConfig) -> bool:
    """Tell whether a file of the app imports C; also where its modules are not in the app."""
    root = context.app_dir / config.layout.root
    is_whole = "-mod=vendor" in config.flags or not (root / "go.sum").exists()
    if config.layout.mode is not Mode.MODULE or not is_whole:
        return True
    built_for = BuildTarget(context.facts.target.arch, config.tags | {"cgo"})
    return any(
        name_matches(name, built_for) and _names_c(os.path.join(folder, name))  # noqa: PTH118 # thousands of files
        for folder, _, names in os.walk(root)
        for name in names
    )


def _names_c(path: str) -> bool:
    if not os.path.isfile(path):  # noqa: PTH113 # thousands of files
        return False  # a link to nowhere, which go passes over, or a pipe
    with open(path, "rb") as file:  # noqa: PTH123 # see above
        return b'"C"' in file.read(HEAD_LIMIT)
