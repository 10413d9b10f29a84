"""An app is a Go app when it has a module, a workspace, or Go source where a program may be."""

from gobp.buildpack.app_layout import AppLayout, Mode, read_layout
from gobp.buildpack.component import AppTree, DetectContext, DetectResult, Fail, Pass
from gobp.cnb.build_plan import BuildPlan, Require

_MARKS = ("go.mod", "go.work", "Gopkg.toml", "glide.yaml")


def detect(context: DetectContext) -> DetectResult:
    """Require Go for every Go app.

    This is kept wide on purpose: an app that is Go but cannot be built passes, so that the build
    can say what is wrong with it.
    """
    layout = read_layout(context.app, context.env)
    if _is_go(context.app, layout) or context.env.get("BP_GO_TARGETS"):
        return Pass(BuildPlan(requires=(Require("go", {"build": True}),)))
    return Fail("no go.mod, go.work or *.go file was found")


def _is_go(app: AppTree, layout: AppLayout) -> bool:
    if layout.mode is not Mode.GOPATH:
        return True
    top = layout.workdir
    folders = (top, f"{top}/cmd".lstrip("/"), *_children(app, f"{top}/cmd".lstrip("/")))
    names = [name for folder in folders for name in app.names(folder)]
    return any(name.endswith(".go") for name in names) or not set(_MARKS).isdisjoint(app.names(top))


def _children(app: AppTree, folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in app.names(folder)]
