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
from gobp.system.files import remove_tree

LAYER = "mod-cache"
VARIABLE = "GOMODCACHE"
DOWNLOADS = "cache/download"
_ASIDE = ".modules"  # beside the layers, and none of them
_STAYS = frozenset({"cache", "download", "env.build"})
_BUILD_AND_CACHE = LayerTypes(build=True, cache=True)


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
    """Give the modules to whoever builds after this, and at the end to the next build."""
    environment = _environment(cache.path)
    if cache.shared:
        context.layers.contribute(cache.layer, LayerTypes(build=True), environment=environment)
        return
    if not any(cache.path.iterdir()):  # nothing to cache is an error on old lifecycles
        return
    context.layers.contribute(cache.layer, _BUILD_AND_CACHE, environment=environment)
    context.session.at_end(LAYER, lambda: _leave_downloads(context, cache.layer))


def retain_modules(context: BuildContext) -> None:
    """Keep the modules as they were restored, unopened, or those of the volume."""
    if volume_of(context.env) is not None:
        keep_modules(context, open_modules(context))
    else:
        path = context.layers.root / LAYER
        context.layers.retain(LAYER, _BUILD_AND_CACHE, _environment(path))


def _environment(path: Path) -> LayerEnvironment:
    return LayerEnvironment(build=(Modification(VARIABLE, Operation.OVERRIDE, str(path)),))


def _leave_downloads(context: BuildContext, layer: Layer) -> None:
    """Move what go has unpacked out of the layer; it unpacks again what it needs."""
    aside = context.layers.root / _ASIDE
    remove_tree(aside)
    aside.mkdir()
    for path in [*layer.path.iterdir(), *layer.path.glob("cache/*")]:
        if path.name not in _STAYS:
            path.rename(aside / path.name)
    for path in [*(layer.path / DOWNLOADS).rglob("*")]:
        if path.suffix == ".lock" or _is_unused(path):
            path.unlink()
    layer.write_metadata(_BUILD_AND_CACHE, {})


def _is_unused(path: Path) -> bool:
    """Tell whether a file is a zip that go has not checked: fetched for it, and not asked for."""
    return path.suffix == ".zip" and not path.with_suffix(".ziphash").exists()
