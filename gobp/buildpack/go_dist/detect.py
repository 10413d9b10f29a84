"""Go is provided to whoever requires it, at the version that the user or the app names."""

from gobp.buildpack.component import DetectContext, DetectResult, Pass
from gobp.cnb.build_plan import BuildPlan, Require

_TOOL_NAMES = frozenset({"go", "golang"})


def detect(context: DetectContext) -> DetectResult:
    """Provide Go; require it where a variable or a version file names a version."""
    named = {
        "BP_GO_VERSION": context.env.get("BP_GO_VERSION", "").strip(),
        ".go-version": _go_version_file(context),
        ".tool-versions": _tool_versions_file(context),
    }
    requires = tuple(
        Require("go", {"version-source": source, "version": version})
        for source, version in named.items()
        if version
    )
    return Pass(BuildPlan(provides=("go",), requires=requires))


def _go_version_file(context: DetectContext) -> str:
    if not context.app.has(".go-version"):
        return ""
    words = context.app.read_text(".go-version").split()
    return words[0] if words else ""


def _tool_versions_file(context: DetectContext) -> str:
    """Return what asdf's file says of Go: lines of a tool and its versions, # for comments."""
    if not context.app.has(".tool-versions"):
        return ""
    for line in context.app.read_text(".tool-versions").splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 1 and words[0] in _TOOL_NAMES:
            return words[1]
    return ""
