"""How go is to compile this app: the flags and the environment of every command that does.

Build, vet and test share their results in the compile cache only as far as these are the same.
"""

from collections.abc import Iterable

from gobp.buildpack.app.layout import AppLayout, Mode, Vendor
from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.go.command import go_environment
from gobp.buildpack.go.flags import build_flags, flag_name, user_flags
from gobp.buildpack.go.linking import read_linking

_SANITIZERS = frozenset({"asan", "msan", "race"})


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


def flags_for_tests(
    facts: DetectContext, layout: AppLayout, asked: Iterable[str]
) -> tuple[str, ...]:
    """Return the build's flags and then those asked of the tests. Raises UserError.

    Of our defaults two are left out: ``-trimpath``, as tests find their files by the paths that it
    removes (``runtime.Caller``), and ``-buildmode`` with a sanitizer, which go does not link so.
    """
    wanted = tuple(asked)
    ours = {"trimpath"}
    if not _SANITIZERS.isdisjoint(flag_name(flag) for flag in wanted):
        ours.add("buildmode")
    given = (*user_flags(facts.env), *facts.env.get("GOFLAGS", "").split())
    ours -= {flag_name(flag) for flag in given}
    flags = compile_flags(facts, layout)
    return (*(flag for flag in flags if flag_name(flag) not in ours), *wanted)


def mod_flag(facts: DetectContext, layout: AppLayout) -> str:
    """Return the flag ``-mod`` of the build, "" for none or one of GOFLAGS. Raises UserError."""
    flags = compile_flags(facts, layout)
    return next((flag for flag in reversed(flags) if flag_name(flag) == "mod"), "")


def compile_environment(context: BuildContext, architecture: str) -> dict[str, str]:
    """Return the environment of a command that compiles for an architecture, with its cache.

    Raises UserError on the configuration.
    """
    # The flags are read by every build, the cache is opened by those that compile.
    from gobp.buildpack.go.compile_cache import open_compile_cache  # noqa: PLC0415

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
