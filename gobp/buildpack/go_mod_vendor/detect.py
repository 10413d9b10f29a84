"""An app with go.mod or go.work needs its modules, and names the version of Go it needs."""

from gobp.buildpack.app.heroku import read_directives
from gobp.buildpack.app.layout import AppLayout, Mode, read_layout
from gobp.buildpack.component import AppTree, DetectContext, DetectResult, Fail, Pass
from gobp.cnb.build_plan import BuildPlan, Require
from gobp.golang import modfile, workfile
from gobp.golang.constraint import at_least_within_line
from gobp.golang.version import GoVersion

_HEROKU = "+heroku goVersion"  # a directive in go.mod
_FIRST_STRICT_LINE = GoVersion.parse("1.21")


def detect(context: DetectContext) -> DetectResult:
    """Require Go at the version that go.work or go.mod names."""
    layout = read_layout(context.app, context.env)
    if layout.mode is Mode.GOPATH:
        return Fail("there is no go.mod or go.work")
    source, version = _go_version(context.app, layout)
    metadata: dict[str, object] = {"build": True}
    if version:
        metadata |= {"version-source": source, "version": version}
    requires = [Require("go", metadata)]
    if heroku := read_directives(context.app, layout.root).go_version:
        requires.append(Require("go", {"version-source": _HEROKU, "version": heroku}))
    return Pass(BuildPlan(requires=tuple(requires)))


def _go_version(app: AppTree, layout: AppLayout) -> tuple[str, str]:
    """Return the source and the constraint that the files state; ("", "") for none.

    Of several files, as BP_GO_WORK_USE names, the one that needs the newest Go counts.
    """
    stated = [found for path in layout.version_files if (found := _stated(app, path))]
    if not stated:
        return "", ""
    source, version = max(stated, key=lambda found: found[1])
    return source, _wanted(version)


def _stated(app: AppTree, path: str) -> tuple[str, GoVersion] | None:
    """Return what one go.mod or go.work states: its toolchain line, else its go line."""
    name = path.rpartition("/")[2]
    read = workfile.parse if name == "go.work" else modfile.parse
    file = read(app.read_text(path), source=path)
    if file.toolchain not in {"", "default"}:
        toolchain = file.toolchain.partition("-")[0]  # a suffix names somebody's own build of Go
        return f"{name} toolchain", GoVersion.parse(toolchain, source=path)
    return (name, GoVersion.parse(file.go, source=path)) if file.go else None


def _wanted(version: GoVersion) -> str:
    """Return the constraint for a version that a file names as the oldest that will do.

    Before Go 1.21 the go line did not say which Go was needed, and those releases get no more
    fixes, so any later Go will do; since then the newest patch of the same line is meant.
    """
    if version.is_prerelease:
        return str(version)
    if version < _FIRST_STRICT_LINE:
        return f">= {version}"
    return str(at_least_within_line(version))
