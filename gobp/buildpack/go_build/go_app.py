"""An app is a Go app when it has a module, a workspace, or Go source where a program may be.

bin/detect asks this first, and is timed, so no more is imported than the answer needs.
"""

from gobp.buildpack.app.folders import build_folder, folders_to_use, module_root, workspace_root

TYPE_CHECKING = False  # as typing has it, which costs bin/detect more than its answer
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gobp.buildpack.component import AppTree

_MARKS = frozenset({"go.work", "Gopkg.toml", "glide.yaml"})  # go.work where GOWORK is off


def not_go_because(app: "AppTree", env: "Mapping[str, str]") -> str:
    """Return why an app is no Go app, "" when it is one. Raises UserError on BP_GO_WORKDIR.

    This is kept wide on purpose: an app that is Go but cannot be built passes, so that the build
    can say what is wrong with it.
    """
    folder = build_folder(app, env)
    if env.get("BP_GO_TARGETS") or _has_module(app, env, folder) or _has_source(app, folder):
        return ""
    return "no go.mod, go.work or *.go file was found"


def _has_module(app: "AppTree", env: "Mapping[str, str]", folder: str) -> bool:
    roots = (workspace_root(app, env, folder), module_root(app, folder))
    return bool(folders_to_use(env)) or roots != (None, None)


def _has_source(app: "AppTree", folder: str) -> bool:
    """Tell whether Go source, or a file of an older way to list dependencies, is in the folder."""
    commands = f"{folder}/cmd".lstrip("/")
    folders = (folder, commands, *(f"{commands}/{name}" for name in app.names(commands)))
    names = [name for each in folders for name in app.names(each)]
    return any(name.endswith(".go") for name in names) or not _MARKS.isdisjoint(app.names(folder))
