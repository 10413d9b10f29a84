"""Puts Go where this build and the next ones find it: a layer to use, and a layer or a volume.

The layer ``go-sdk`` has Go on the PATH of this build and is not cached. What lasts is the layer
``go``, one archive (docs/decisions/0013-packed-layers.md), or a folder of the volume.
"""

from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_dist.catalog import Release
from gobp.buildpack.go_dist.distribution import TARGETS
from gobp.buildpack.go_dist.install import installed
from gobp.buildpack.go_dist.keep import LAYER
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule
from gobp.buildpack.go_mod_vendor import prefetch
from gobp.buildpack.layers import Layer
from gobp.buildpack.reporting.counted import pack, unpack
from gobp.buildpack.reporting.steps import timed
from gobp.buildpack.switches import is_generating
from gobp.buildpack.volume import volume_of
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.system.files import copy_tree, remove_tree
from gobp.system.lock import locked
from gobp.system.packed import SUFFIX, files_of

SDK_LAYER = "go-sdk"
SDK = "sdk"
"""Folder of the layer that is GOROOT: not the layer's root, as a ``lib`` there would change
LD_LIBRARY_PATH for everything built later (buildpack spec, "Layer Paths")."""
ARCHIVE = f"go{SUFFIX}"
_CONTENT_RULES = "2"  # change when what is kept of a distribution changes
_ALL = "all"
_PROGRAMS = ("go", "gofmt")


def provide(context: BuildContext, release: Release, module: ToolchainModule) -> None:
    """See that the components and buildpacks after this one find a release on their PATH.

    Raises UserError where it cannot be had.
    """
    everything = takes_everything(context)
    volume = volume_of(context.env)
    if volume is None:
        sdk = _provide_packed(context, release, module, everything=everything)
    else:
        goroot = _in_volume(context, volume, release, module, everything=everything)
        sdk = context.layers.layer(SDK_LAYER)
        root = sdk.reset()
        if at_launch(context):  # the image has no volume
            copy_tree(goroot, root / SDK)
        else:
            (root / SDK).symlink_to(goroot)
    (sdk.path / "bin").mkdir()
    for name in _PROGRAMS:
        (sdk.path / "bin" / name).symlink_to(f"../{SDK}/bin/{name}")
    context.log.gap()
    types = LayerTypes(build=True, launch=at_launch(context))
    context.layers.contribute(sdk, types, metadata=_key(release, everything=everything))


def at_launch(context: BuildContext) -> bool:
    """Tell whether somebody wants Go in the image."""
    return any(entry.metadata.get("launch") is True for entry in context.entries)


def takes_everything(context: BuildContext) -> bool:
    """Tell whether more is done with Go than compiling the app for Linux."""
    env = context.env
    tests = any(entry.metadata.get("test") is True for entry in context.entries)
    foreign = env.get("GOOS", "") not in {"", "linux"} or env.get("GOARCH", "") not in {
        "",
        *TARGETS,
    }
    return tests or foreign or is_generating(env) or context.is_for_others


def _key(release: Release, *, everything: bool) -> dict[str, str]:
    return {
        "go": str(release.version),
        "arch": release.architecture,
        "content-rules": _CONTENT_RULES + f"+{_ALL}" * everything,
    }


def _provide_packed(
    context: BuildContext, release: Release, module: ToolchainModule, *, everything: bool
) -> Layer:
    """Unpack the layer ``go``, or make it; return the layer with Go unpacked."""
    prefetch.start(context)
    key = _key(release, everything=everything)
    layer, sdk = context.layers.layer(LAYER), context.layers.layer(SDK_LAYER)
    reasons = layer.stale_because(key)
    if not reasons:
        context.log.process(f"Reusing cached layer {layer.path}")
        reasons = _unpack(context, layer, sdk)
    if reasons:
        if layer.restored:
            context.log.process(f"Not reusing the cached Go: {'; '.join(reasons)}")
        _install(context, release, module, layer, sdk, everything=everything)
    context.layers.contribute(layer, LayerTypes(cache=True), metadata=key)
    return sdk


def _unpack(context: BuildContext, layer: Layer, sdk: Layer) -> list[str]:
    """Unpack Go; return why that cannot be done."""
    target = sdk.reset() / SDK
    target.mkdir()
    try:
        unpack(context.report, layer.path / ARCHIVE, target)
    except UserError as error:
        remove_tree(sdk.path)
        return [error.summary]
    return []


def _install(
    context: BuildContext,
    release: Release,
    module: ToolchainModule,
    layer: Layer,
    sdk: Layer,
    *,
    everything: bool,
) -> None:
    context.log.process("Executing build process")
    context.log.subprocess(f"Installing Go {release.version}")
    staging = context.layers.root / ".go-staging"
    with (
        timed(context.log),
        installed(release, module, context, staging=staging, everything=everything) as made,
    ):
        archive = layer.reset() / ARCHIVE
        if made.packed:
            made.packed.rename(archive)
        else:
            pack(context.report, made.goroot, archive, files_of(made.goroot))
        made.goroot.rename(sdk.reset() / SDK)


def _in_volume(
    context: BuildContext,
    volume: Path,
    release: Release,
    module: ToolchainModule,
    *,
    everything: bool,
) -> Path:
    """Return the folder of a release in the volume, installed by the first build that needs it."""
    name = f"{release.version}-{release.architecture}" + f"-{_ALL}" * everything
    target = volume / LAYER / name
    target.parent.mkdir(exist_ok=True)
    with locked(target.with_name(f".{name}.lock")):
        if target.is_dir():
            context.log.process(f"Using Go {release.version} of the volume ({target})")
            return target
        context.log.process("Executing build process")
        context.log.subprocess(f"Installing Go {release.version} in {target}")
        staging = target.with_name(f".{name}.new")
        with (
            timed(context.log),
            installed(release, module, context, staging=staging, everything=everything) as made,
        ):
            made.goroot.rename(target)
    return target
