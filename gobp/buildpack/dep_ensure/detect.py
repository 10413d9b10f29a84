"""An app with Gopkg.toml needs dep, unless it has become a module or brings its dependencies."""

import posixpath

from gobp.buildpack.app.layout import AppLayout, Mode, read_layout
from gobp.buildpack.component import AppTree, DetectContext, DetectResult, Fail, Pass
from gobp.cnb.build_plan import BuildPlan, Require

MANIFEST = "Gopkg.toml"


def detect(context: DetectContext) -> DetectResult:
    """Require dep where the folder to build has Gopkg.toml, and nothing that comes before it."""
    layout = read_layout(context.app, context.env)
    if not context.app.has(posixpath.join(layout.workdir, MANIFEST)):
        return Fail(f"there is no {MANIFEST}")
    if layout.mode is not Mode.GOPATH:
        return Fail(f"go.mod or go.work takes precedence over {MANIFEST}")
    if _is_vendored(context.app, layout):
        return Fail("the app is vendored")
    return Pass(BuildPlan(requires=(Require("dep", {"build": True}),)))


def _is_vendored(app: AppTree, layout: AppLayout) -> bool:
    """Tell whether the vendor folder holds packages: a folder kept by one file is not filled."""
    vendor = posixpath.join(layout.workdir, "vendor")
    return any(app.is_dir(posixpath.join(vendor, name)) for name in app.names(vendor))
