"""Compile the static programs of ``helpers/`` for both architectures, with this machine's Go."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.go.installed import installed_go
from gobp.buildpack.supply.helpers import (
    STAMP,
    compile_environment,
    compile_helper,
    programs,
    stamp_line,
)
from gobp.system.process import SystemCommands
from release.recipe import AMD64, ARM64
from release.tree import put_in_place

PREBUILT = "helpers"
"""Name of the folder of prebuilt helpers in ``runtime/``."""


def build_helpers(runtime: Path, sources: Path, env: Mapping[str, str]) -> str:
    """Make ``runtime/helpers`` or find that it is made already; return what to tell of it.

    Without Go on this machine there are none, and builds compile what they need themselves.
    Raises UserError where one does not compile.
    """
    target = runtime / PREBUILT
    go = installed_go(SystemCommands(), env)
    if go is None:
        shutil.rmtree(target, ignore_errors=True)
        return (
            "WARNING: this machine has no go, so the helpers are left out: "
            "each build will compile those that it needs"
        )
    names = programs(sources)
    lines = [*(stamp_line(sources, name) for name in names), f"go {go.version}"]
    key = "".join(f"{line}\n" for line in lines)
    stamp = target / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return f"{target.parent.name}/{PREBUILT} is up to date"
    staging = target.with_name(f"{PREBUILT}.new")
    shutil.rmtree(staging, ignore_errors=True)
    _compile(names, sources, staging, env)
    (staging / STAMP).write_text(key, encoding="utf-8")
    _add_licence(Path(go.goroot), runtime / "licenses" / "go")
    put_in_place(staging, target)
    return f"compiled the helpers with Go {go.version}: {', '.join(names) or 'there are none'}"


def _compile(names: tuple[str, ...], sources: Path, staging: Path, env: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="gobp-helpers-") as scratch:
        for architecture in (AMD64, ARM64):
            folder = staging / architecture.name
            folder.mkdir(parents=True)
            settings = compile_environment(env, architecture.name, Path(scratch))
            for name in names:
                compile_helper(SystemCommands(), sources / name, folder / name, env=settings)
                (folder / name).chmod(0o755)


def _add_licence(goroot: Path, folder: Path) -> None:
    """Keep the licence of Go's standard library and run time, which are in every helper."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(goroot / "LICENSE", folder / "LICENSE")
