"""GOPATH mode: an app without go.mod is built from a copy below a GOPATH of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.app.layout import AppLayout, Mode
from gobp.buildpack.component import BuildContext
from gobp.errors import UserError
from gobp.system.files import copy_tree, remove_tree

_DEFAULT_IMPORT_PATH = "workspace"


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where go runs, and its environment."""

    folder: Path
    env: Mapping[str, str]


@contextmanager
def workplace(
    context: BuildContext, layout: AppLayout, env: Mapping[str, str]
) -> Iterator[Workplace]:
    """Give the folder to build in: the app's own, or in GOPATH mode a copy that goes afterwards."""
    source = context.app_dir / layout.workdir
    if layout.mode is not Mode.GOPATH:
        yield Workplace(source, env)
        return
    gopath = context.layers.root.resolve() / ".gopath"  # dep compares it with where it runs
    target = gopath / "src" / import_path(env)
    remove_tree(gopath)
    try:
        target.parent.mkdir(parents=True)
        copy_tree(source, target)
        yield Workplace(target, {**env, "GOPATH": str(gopath), "GO111MODULE": "off"})
    finally:
        remove_tree(gopath)


def import_path(env: Mapping[str, str]) -> str:
    """Return BP_GO_BUILD_IMPORT_PATH. Raises UserError where it is no import path."""
    path = env.get("BP_GO_BUILD_IMPORT_PATH", "").strip("/") or _DEFAULT_IMPORT_PATH
    parts = path.split("/")
    if not all(parts) or not {".", ".."}.isdisjoint(parts) or "\0" in path:
        raise UserError(
            f"BP_GO_BUILD_IMPORT_PATH names {path!r}, which is not an import path",
            remedy="name the path that the app's own packages are imported by, such as "
            "example.com/team/app.",
        )
    return path
