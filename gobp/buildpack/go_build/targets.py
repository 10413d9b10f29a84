"""What to compile: the targets the user names, else the programs found in the app."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gobp.buildpack.app_layout import AppLayout, Mode
from gobp.buildpack.component import AppTree
from gobp.errors import UserError
from gobp.golang import workfile
from gobp.golang.sourcefile import BuildTarget, name_matches, package_name

# Folders whose programs serve the authors of an app, not its users.
_ASIDE = frozenset(
    {"_examples", "contrib", "doc", "docs", "e2e", "example", "examples", "hack", "internal"}
    | {"misc", "samples", "scripts", "test", "tests", "testing", "tools"}
)
_NEVER = frozenset({"node_modules", "testdata", "vendor"})


def chosen_targets(app: AppTree, layout: AppLayout, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return BP_GO_TARGETS as arguments of ``go build``; empty where it is not set.

    A target is a folder, a pattern (``./cmd/...``), a file or an import path; folders are
    relative to the folder that is built. Raises UserError for a folder that is not there.
    """
    named = [part.strip() for part in env.get("BP_GO_TARGETS", "").split(":")]
    return tuple(_argument(app, layout, target) for target in named if target)


def _argument(app: AppTree, layout: AppLayout, target: str) -> str:
    if target.startswith("/"):
        raise _bad_target(app, layout, target, "is an absolute path")
    clean = posixpath.normpath(target)
    folder = clean.removesuffix("...").rstrip("/") or "."
    path = posixpath.normpath(posixpath.join(layout.workdir, folder))
    if path.split("/")[0] == "..":
        raise _bad_target(app, layout, target, "is outside the app")
    if path == "." or app.is_dir(path) or app.has(path):
        return clean if clean.split("/")[0] in {".", ".."} else f"./{clean}"
    if "." in clean.partition("/")[0] and not target.startswith("."):  # as of a module's host
        return clean
    raise _bad_target(app, layout, target, "does not exist")


def _bad_target(app: AppTree, layout: AppLayout, target: str, reason: str) -> UserError:
    found = find_programs(app, layout, BuildTarget("amd64"))
    return UserError(
        f"BP_GO_TARGETS names {target!r}, which {reason}",
        detail=f"programs found in the app: {', '.join(found.all) or 'none'}",
        remedy="name folders relative to the app, separated by ':', such as cmd/web:cmd/job.",
    )


@dataclass(frozen=True, slots=True)
class Programs:
    """The folders with ``package main`` (as ``./cmd/web``): the ones to build, and all of them."""

    chosen: tuple[str, ...]
    all: tuple[str, ...]
    reason: str


def find_programs(app: AppTree, layout: AppLayout, target: BuildTarget) -> Programs:
    """Find the programs of an app: at its root, else below ``cmd``, else wherever they are.

    Programs in folders such as ``examples`` and ``tools`` are left out where there are others.
    """
    found = tuple(sorted(_mains(app, layout, target)))
    for reason, matches in (
        ("package main at the root", lambda path: path == "."),
        ("package main below cmd", _below_cmd),
        ("package main", lambda path: not _ASIDE & set(path.split("/"))),
    ):
        if chosen := tuple(path for path in found if matches(path)):
            return Programs(_web_first(chosen), found, reason)
    return Programs((), found, "no package main")


def _below_cmd(path: str) -> bool:
    parts = path.split("/")[1:]
    return "cmd" in parts and not _ASIDE & set(parts)


def _web_first(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(paths, key=lambda path: (posixpath.basename(path) != "web", path)))


def _mains(app: AppTree, layout: AppLayout, target: BuildTarget) -> Iterator[str]:
    for top in _module_folders(app, layout):
        for folder, names in _packages(app, top):
            sources = [posixpath.join(folder, name) for name in names if name_matches(name, target)]
            if any(
                app.has(source) and package_name(app.read_head(source), target) == "main"
                for source in sources
            ):
                relative = posixpath.relpath(folder or ".", layout.workdir or ".")
                yield relative if relative.startswith(".") else f"./{relative}"


def _module_folders(app: AppTree, layout: AppLayout) -> tuple[str, ...]:
    """Return the folders to search: the one that is built, or a workspace's modules below it."""
    if layout.mode is not Mode.WORKSPACE:
        return (layout.workdir,)
    added = [_joined(layout.workdir, use) for use in layout.use]
    path = posixpath.join(layout.root, "go.work")
    if app.has(path):
        work = workfile.parse(app.read_text(path), source=path)
        added += [_joined(layout.root, use) for use in work.uses]
    uses = dict.fromkeys(added)
    below = tuple(use for use in uses if _is_below(use, layout.workdir) and app.is_dir(use))
    return below or (layout.workdir,)  # go itself names the folders that are not there


def _joined(folder: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined


def _is_below(path: str, folder: str) -> bool:
    if path.startswith(("/", "../")) or path == "..":
        return False
    return not folder or path == folder or path.startswith(f"{folder}/")


def _packages(app: AppTree, folder: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the folders of one module with their files, as the pattern ``./...`` matches them."""
    folders, files = app.entries(folder)
    yield folder, files
    for name in folders:
        path = posixpath.join(folder, name)
        if name not in _NEVER and not name.startswith(("_", ".")) and not app.has(f"{path}/go.mod"):
            yield from _packages(app, path)
