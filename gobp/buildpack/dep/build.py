"""Finds dep: in the restored layer, on the PATH of the build image, else where it is published."""

from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.layers import Layer
from gobp.buildpack.reporting.steps import timed
from gobp.buildpack.supply.dependency import Dependency, deliver, dependency
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.system.fetch import NotAvailableError

LAYER = "dep"
_BUILD_AND_CACHE = LayerTypes(build=True, cache=True)
_WAYS_OUT = (
    "use a build image with dep, or run 'dep ensure' on your machine and give the build the vendor "
    "folder that it fills."
)


def build(context: BuildContext) -> Launch:
    """See that the components after this one find dep on their PATH. Raises UserError."""
    wanted = dependency(context.metadata, "dep", context.host.architecture)
    layer = context.layers.layer(LAYER)
    reasons = layer.stale_because(_key(wanted)) if wanted else ["this buildpack knows no dep"]
    if wanted and not reasons:
        context.log.process(f"Reusing cached layer {layer.path}")
        _contribute(context, layer, wanted)
    elif version := _version_at_hand(context):
        context.log.process(f"Using dep {version} of the build image")
    else:
        if layer.restored:
            context.log.process(f"Not reusing the cached dep: {'; '.join(reasons)}")
        _install(context, layer, wanted)
    context.log.gap()
    return Launch()


def keep(context: BuildContext) -> Launch:
    """Keep dep as it was restored."""
    context.layers.retain(LAYER, _BUILD_AND_CACHE)
    return Launch()


def _key(wanted: Dependency) -> dict[str, str]:
    return {"dep": wanted.version, "arch": wanted.architecture, "sha256": wanted.sha256}


def _version_at_hand(context: BuildContext) -> str:
    """Return the version of the dep on the PATH, "" where there is none."""
    asked = context.host.commands.capture(("dep", "version"), cwd=Path("/"), env=context.env)
    if asked.status != 0:
        return ""
    fields = dict(line.partition(":")[::2] for line in asked.stdout.splitlines())
    words = {name.strip(): value.strip() for name, value in fields.items()}
    return words.get("version", "").removeprefix("v") or "of unknown version"


def _install(context: BuildContext, layer: Layer, wanted: Dependency | None) -> None:
    if wanted is None:
        raise UserError(
            f"there is no dep for linux/{context.host.architecture}, and the app needs it "
            "(Gopkg.toml)",
            remedy=_WAYS_OUT,
        )
    context.log.process("Executing build process")
    context.log.subprocess(f"Installing dep {wanted.version}")
    program = layer.reset() / "bin" / "dep"
    program.parent.mkdir()
    with timed(context.log):
        _deliver(context, wanted, program)
    program.chmod(0o755)
    _contribute(context, layer, wanted)


def _deliver(context: BuildContext, wanted: Dependency, program: Path) -> None:
    try:
        deliver(wanted, program, context)
    except NotAvailableError as error:
        raise UserError(
            f"dep {wanted.version} cannot be downloaded",
            detail=error.summary,
            remedy="name a mirror in BP_DEPENDENCY_MIRROR or an address in a binding of type "
            f"dependency-mapping, {_WAYS_OUT}",
        ) from error


def _contribute(context: BuildContext, layer: Layer, wanted: Dependency) -> None:
    context.layers.contribute(layer, _BUILD_AND_CACHE, metadata=_key(wanted))
