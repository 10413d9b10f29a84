"""What ``go list`` would say of targets, known from their files alone: a process less a build.

That is so where every target is a folder of the app's own module. Go is left to say what is wrong
with a target, so whatever is not plain is left to it.
"""

import posixpath
from collections.abc import Iterable, Mapping

from gobp.buildpack.app.folders import module_root
from gobp.buildpack.app.layout import AppLayout, Mode
from gobp.buildpack.component import AppTree, DetectContext
from gobp.buildpack.go.flags import flag_name
from gobp.buildpack.go_build.config import BuildConfig
from gobp.golang import modfile
from gobp.golang.sourcefile import BuildTarget, name_matches, package_name

_PROGRAM = "main"
_IGNORED = "documentation"  # a package clause that go passes over
_OTHER_FILES = frozenset({"compiler", "modfile", "overlay"})  # flags by which go sees others


def known_programs(
    facts: DetectContext, config: BuildConfig, env: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Return the import paths of the programs that the targets are, None where go is to tell.

    ``env`` is the build's. Raises UserError for a go.mod that cannot be read.
    """
    layout = config.layout
    if layout.mode is not Mode.MODULE or not _sees_the_same_files(facts, config, env):
        return None
    folders = [posixpath.normpath(posixpath.join(layout.workdir, t)) for t in config.targets]
    built_for = BuildTarget(facts.target.arch, config.tags)
    if any(not _is_plain(facts.app, layout, folder, built_for) for folder in folders):
        return None
    source = posixpath.join(layout.root, "go.mod")
    module = modfile.parse(facts.app.read_text(source), source=source).module
    below = (posixpath.relpath(folder, layout.root or ".") for folder in folders)
    return tuple(posixpath.normpath(f"{module}/{path}") for path in below) if module else None


def _sees_the_same_files(facts: DetectContext, config: BuildConfig, env: Mapping[str, str]) -> bool:
    """Tell whether nothing makes go take other files than those that this module looks at."""
    given = {flag_name(flag) for flag in (*config.flags, *env.get("GOFLAGS", "").split())}
    system, architecture = env.get("GOOS") or "linux", env.get("GOARCH") or facts.target.arch
    return (
        _OTHER_FILES.isdisjoint(given)
        and env.get("GO111MODULE") != "off"
        and (system, architecture) == ("linux", facts.target.arch)
    )


def _is_plain(app: AppTree, layout: AppLayout, folder: str, built_for: BuildTarget) -> bool:
    """Tell whether a target is a folder of the app's module whose files are one program."""
    parts = folder.split("/")
    if any("..." in part for part in parts) or not {"..", "vendor"}.isdisjoint(parts):
        return False
    folder = "" if folder == "." else folder
    if not app.is_dir(folder) or module_root(app, folder) != layout.root:
        return False
    return _packages(app, folder, app.names(folder), built_for) == {_PROGRAM}


def _packages(app: AppTree, folder: str, names: Iterable[str], built_for: BuildTarget) -> set[str]:
    """Return the packages that the files of a folder belong to, tests and such left out."""
    sources = (posixpath.join(folder, name) for name in names if name_matches(name, built_for))
    heads = (app.read_head(source) for source in sources if app.has(source))
    return {name for head in heads if (name := package_name(head, built_for))} - {_IGNORED}
