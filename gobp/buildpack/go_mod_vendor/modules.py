"""The module cache of a build: a layer, of which the next build gets what go cannot make itself.

Source: https://go.dev/ref/mod#module-cache.
"""

from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.cache_layer import open_cache
from gobp.buildpack.component import BuildContext
from gobp.buildpack.layers import Layer
from gobp.buildpack.volume import volume_of
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.layer import LayerTypes

LAYER = "mod-cache"
VARIABLE = "GOMODCACHE"
DOWNLOADS = "cache/download"
BUILD_AND_CACHE = LayerTypes(build=True, cache=True)


@dataclass(frozen=True, slots=True)
class ModuleCache:
    """Where the modules are; ``shared`` where that is a volume and not the layer itself."""

    path: Path
    layer: Layer
    shared: bool


def open_modules(context: BuildContext) -> ModuleCache:
    """Return the module cache as it was restored, or that of the volume. Raises UserError."""
    volume = volume_of(context.env)
    if volume is None:
        layer = open_cache(context, LAYER, "cached modules")
        return ModuleCache(layer.path, layer, shared=False)
    layer = context.layers.layer(LAYER)
    layer.reset()
    path = volume / "modules"
    path.mkdir(exist_ok=True)
    return ModuleCache(path, layer, shared=True)


def keep_modules(context: BuildContext, cache: ModuleCache) -> None:
    """Give the modules to whoever builds after this, and if they are not shared to the next build.

    Later components may add to the layer: ``downloads.leave_at_end`` has the last word of it.
    """
    environment = _environment(cache.path)
    if cache.shared:
        context.layers.contribute(cache.layer, LayerTypes(build=True), environment=environment)
        return
    if any(cache.path.iterdir()):  # nothing to cache is an error on old lifecycles
        context.layers.contribute(cache.layer, BUILD_AND_CACHE, environment=environment)


def retain_modules(context: BuildContext) -> None:
    """Keep the modules as they were restored, unopened, or those of the volume."""
    if volume_of(context.env) is not None:
        keep_modules(context, open_modules(context))
    else:
        path = context.layers.root / LAYER
        context.layers.retain(LAYER, BUILD_AND_CACHE, _environment(path))


def _environment(path: Path) -> LayerEnvironment:
    return LayerEnvironment(build=(Modification(VARIABLE, Operation.OVERRIDE, str(path)),))
