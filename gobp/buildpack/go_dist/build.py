"""Chooses a version of Go and sees that it is on the PATH of the components after it."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.installed import GoAtHand, go_at_hand
from gobp.buildpack.go_dist.candidates import DEFAULT, Candidate, table, version_candidates
from gobp.buildpack.go_dist.catalog import Release, default_version, newest, releases
from gobp.buildpack.go_dist.keep import LAYER
from gobp.buildpack.go_dist.provide import at_launch, provide
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule, goproxy_of, proxies, shown
from gobp.buildpack.layers import Layer
from gobp.cnb.launch import Launch
from gobp.errors import UserError
from gobp.golang.constraint import Constraint
from gobp.golang.version import GoVersion


def build(context: BuildContext) -> Launch:
    """Use the Go of the build image where it fits, else the release that fits best."""
    wanted = _wanted(context)
    constraint = Constraint.parse(wanted.version, source=wanted.source)
    at_hand = go_at_hand(context)
    if at_hand is not None and constraint.allows(at_hand.version) and not at_launch(context):
        _log_selected(context, wanted, at_hand.version)
        context.log.process(f"Using Go {at_hand.version} of the build image ({at_hand.goroot})")
        context.log.gap()
        return Launch()
    module = _toolchain_module(context, at_hand)
    release = _release(context, wanted, constraint, module, context.layers.layer(LAYER))
    _log_selected(context, wanted, release.version)
    provide(context, release, module)
    return Launch()


def _wanted(context: BuildContext) -> Candidate:
    candidates = version_candidates(context.entries, default_version(context.metadata))
    context.log.process("Resolving Go version")
    context.log.subprocess("Candidate version sources (in priority order):")
    for line in table(candidates):
        context.log.action(line)
    context.log.gap()
    return candidates[0]


def _log_selected(context: BuildContext, wanted: Candidate, version: GoVersion) -> None:
    context.log.subprocess(f"Selected Go version (using {wanted.source}): {version}")
    chosen = {"version": str(version), "source": wanted.source, "constraint": wanted.version}
    context.report.note("go", chosen)
    context.log.gap()


def _toolchain_module(context: BuildContext, at_hand: GoAtHand | None) -> ToolchainModule:
    goproxy = goproxy_of(context.env, at_hand.goproxy if at_hand else "")
    return ToolchainModule(context.host.fetcher, proxies(goproxy), context.env.get("GOSUMDB", ""))


def _release(
    context: BuildContext,
    wanted: Candidate,
    constraint: Constraint,
    module: ToolchainModule,
    layer: Layer,
) -> Release:
    """Return the newest release known that fits, else the newest that the module proxy lists."""
    architecture = context.host.architecture
    known = releases(context.metadata, architecture)
    release = newest(known, constraint)
    if release is not None:
        return release
    context.log.subprocess(f"No release that this buildpack knows satisfies {wanted.version!r}")
    try:
        release = module.newest(constraint, architecture)
    except UserError as error:
        release = _restored(layer, constraint, architecture)
        if release is None:
            raise _unsatisfied(
                wanted, known, module, error.summary + "\n" + error.detail
            ) from error
    if release is None:
        raise _unsatisfied(wanted, known, module, "the module proxy does not list one either")
    return release


def _restored(layer: Layer, constraint: Constraint, architecture: str) -> Release | None:
    """Return the release in the restored layer: what to fall back to when no proxy answers."""
    text = layer.restored.get("go")
    if not isinstance(text, str) or layer.restored.get("arch") != architecture:
        return None
    version = GoVersion.parse(text)
    return Release(version, architecture) if constraint.allows(version) else None


def _unsatisfied(
    wanted: Candidate, known: tuple[Release, ...], module: ToolchainModule, reason: str
) -> UserError:
    versions = ", ".join(str(v) for v in sorted(release.version for release in known))
    where = "this buildpack" if wanted.source == DEFAULT else wanted.source
    return UserError(
        f"no Go version satisfies {wanted.version!r}, which {where} asks for",
        detail=f"known to this buildpack: {versions or 'none'}\n"
        f"Go module proxy asked: {shown(module.proxies)}\n{reason}".rstrip(),
        remedy=f"correct the version in {where}, or set BP_GO_VERSION to one of those above.",
    )
