"""How go is to compile this app: the flags and the environment of every command that does.

Build, vet and test share their results in the compile cache only as far as these are the same.
"""

from gobp.buildpack.app_layout import AppLayout, Mode, Vendor
from gobp.buildpack.compile_cache import open_compile_cache
from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.go_command import go_environment
from gobp.buildpack.go_flags import build_flags, user_flags
from gobp.buildpack.linking import read_linking


def compile_flags(
    facts: DetectContext, layout: AppLayout, *, will_be_vendored: bool = False
) -> tuple[str, ...]:
    """Return the user's flags and the defaults of those that nobody gave. Raises UserError.

    ``will_be_vendored`` says that the modules are to be vendored by a step still to come.
    """
    linking = read_linking(facts.env, facts.target)
    return build_flags(
        user_flags(facts.env),
        facts.env.get("GOFLAGS", ""),
        mod=_mod(layout, will_be_vendored=will_be_vendored),
        buildmode=linking.buildmode,
        ldflags=linking.ldflags,
    )


def compile_environment(context: BuildContext, architecture: str) -> dict[str, str]:
    """Return the environment of a command that compiles for an architecture, with its cache.

    Raises UserError on the configuration.
    """
    linking = read_linking(context.env, context.facts.target)
    env = {
        **go_environment(context.env, context.app_dir),
        "GOCACHE": open_compile_cache(context),
    }
    if linking.cgo:
        env["CGO_ENABLED"] = linking.cgo
    if architecture != context.host.architecture:  # Go cross-compiles by itself
        env |= {"GOOS": "linux", "GOARCH": architecture}
    return env


def _mod(layout: AppLayout, *, will_be_vendored: bool) -> str:
    """Return the default of ``-mod``: from the vendor folder, or past one that is not go's."""
    if layout.mode is Mode.GOPATH:
        return ""
    if layout.vendor is Vendor.OTHER:
        return "readonly"
    return "vendor" if layout.vendor is Vendor.OF_GO or will_be_vendored else ""
