"""The compile cache of a build, Go's GOCACHE, and what of it stays for the next one.

Every component that compiles shares it: the first one opens it, go-build keeps it. With a volume
it is a folder there, which go trims by itself. Else a layer holds it packed
(docs/decisions/0013-packed-layers.md), and it is unpacked to a folder that is no layer; an image
that rebuilds the app needs it unpacked, in a layer of its own.
"""

from pathlib import Path

from gobp.buildpack.cache_layer import open_cache
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.compile_layer import LAYER
from gobp.buildpack.go.compile_seed import plant_seed
from gobp.buildpack.go.packed_cache import pack_cache, unpack_cache
from gobp.buildpack.go.swept_cache import mark_old, sweep
from gobp.buildpack.layers import Layer
from gobp.buildpack.switches import LIVE_RELOAD, is_on
from gobp.buildpack.volume import volume_of
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.system.files import remove_tree

_VARIABLE = "GOCACHE"
_UNPACKED = ".gocache"  # a folder of the layers directory without a layer's name or metadata
_KIND = "kind"  # metadata: whether the cache is packed; the other way round it is of no use
_PACKED = {_KIND: "packed"}


def open_compile_cache(context: BuildContext) -> str:
    """Return the GOCACHE of this build, which the first caller finds as the last build left it.

    The session carries it to the components after it. Raises UserError where the volume cannot be
    used.
    """
    cache = _place(context)
    if context.session.env.get(_VARIABLE) != str(cache):
        _fill(context, cache)
        context.session.set(_VARIABLE, str(cache))
    return str(cache)


def keep_compile_cache(context: BuildContext) -> None:
    """Keep for the next build what this one used. What go adds after this is not kept."""
    if _is_launched(context):
        _keep_folder(context)
    elif volume_of(context.env) is None:
        layer = context.layers.layer(LAYER)
        pack_cache(_place(context), layer.path, context.report)
        context.layers.contribute(layer, LayerTypes(cache=True), metadata=_PACKED)


def _place(context: BuildContext) -> Path:
    if _is_launched(context):
        return context.layers.root / LAYER
    volume = volume_of(context.env)
    return volume / LAYER if volume else context.layers.root / _UNPACKED


def _is_launched(context: BuildContext) -> bool:
    """Tell whether the image rebuilds the app: with the cache it compiles the app alone."""
    return is_on(context.env, LIVE_RELOAD)


def _fill(context: BuildContext, cache: Path) -> None:
    if _is_launched(context):
        _open_folder(context)
    elif volume_of(context.env) is None:
        _open_packed(context, cache)
    elif not cache.is_dir():
        cache.mkdir()
        plant_seed(context, cache)


def _open_packed(context: BuildContext, cache: Path) -> None:
    remove_tree(cache)  # of a build that was cut
    cache.mkdir(parents=True)
    layer = _restored(context, "packed")
    try:
        unpack_cache(layer.path, cache, context.report)
    except UserError as error:
        context.log.process(f"Not reusing the compile cache: {error.summary}")
        layer.reset()
        remove_tree(cache)
        cache.mkdir()
    if not layer.restored:
        plant_seed(context, cache)
    mark_old(cache)


def _open_folder(context: BuildContext) -> None:
    layer = _restored(context, None)
    if not layer.restored:
        plant_seed(context, layer.path)
    mark_old(layer.path)


def _restored(context: BuildContext, kind: str | None) -> Layer:
    """Return the layer as it was restored, emptied where it holds the cache in another way."""
    layer = open_cache(context, LAYER, "compile cache")
    if layer.restored and layer.restored.get(_KIND) != kind:
        context.log.process("Not reusing the compile cache: it was kept in another way")
        layer.reset()
    return layer


def _keep_folder(context: BuildContext) -> None:
    layer = context.layers.layer(LAYER)
    swept = sweep(layer.path)
    context.log.debug(f"Removed {swept} unused entries from the compile cache")
    context.layers.contribute(layer, LayerTypes(cache=True, launch=True))
    context.session.set(_VARIABLE, "")  # a command that compiles later takes go's default
