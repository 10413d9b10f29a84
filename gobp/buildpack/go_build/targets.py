"""What to compile: the targets the user names, else the programs found in the app."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gobp.buildpack.app.heroku import read_directives
from gobp.buildpack.app.layout import AppLayout, Mode
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


@dataclass(frozen=True, slots=True)
class Wish:
    """The targets that somebody names, and where: ``BP_GO_TARGETS`` or a directive in go.mod."""

    targets: tuple[str, ...]
    named_by: str


def wished_targets(app: AppTree, layout: AppLayout, env: Mapping[str, str]) -> Wish:
    """Return who names targets: BP_GO_TARGETS, else Heroku's directive in go.mod; none is fine."""
    named = tuple(part.strip() for part in env.get("BP_GO_TARGETS", "").split(":"))
    if any(named):
        return Wish(tuple(filter(None, named)), "BP_GO_TARGETS")
    return Wish(read_directives(app, layout.root).install, "the directive +heroku install")


def chosen_targets(app: AppTree, layout: AppLayout, wish: Wish) -> tuple[str, ...]:
    """Return the targets that are wished for as arguments of ``go build``.

    A target is a folder, a pattern (``./cmd/...``), a file or an import path; folders are
    relative to the folder that is built. Raises UserError for a folder that is not there.
    """
    return tuple(_argument(app, layout, target, wish.named_by) for target in wish.targets)


def _argument(app: AppTree, layout: AppLayout, target: str, named_by: str) -> str:
    clean = posixpath.normpath(target)
    folder = clean.removesuffix("...").rstrip("/") or "."
    path = posixpath.normpath(posixpath.join(layout.workdir, folder))
    if target.startswith("/"):
        reason = "is an absolute path"
    elif path.split("/")[0] == "..":
        reason = "is outside the app"
    elif path == "." or app.is_dir(path) or app.has(path):
        return clean if clean.split("/")[0] in {".", ".."} else f"./{clean}"
    elif "." in clean.partition("/")[0] and not target.startswith("."):  # as of a module's host
        return clean
    else:
        reason = "does not exist"
    found = find_programs(app, layout, BuildTarget("amd64"))
    raise UserError(
        f"{named_by} names {target!r}, which {reason}",
        detail=f"programs found in the app: {', '.join(found.all) or 'none'}",
        remedy="name folders relative to the app, in BP_GO_TARGETS separated by ':', such as "
        "cmd/web:cmd/job.",
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
