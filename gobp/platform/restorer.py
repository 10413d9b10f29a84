"""The restore phase: what buildpacks see of the last build (cnb.md 1.4 and 2.4)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.cnb import toml
from gobp.cnb.buildpack import escape_id
from gobp.cnb.lifecycle_metadata import StoredBuildpack, StoredLayer
from gobp.cnb.store import Store
from gobp.log import BuildLog
from gobp.platform.analyzer import Previous
from gobp.platform.buildpacks import Buildpack
from gobp.platform.cache import CachedLayer, LayerCache, as_restored
from gobp.platform.sbom_files import spread_sboms
from gobp.platform.unpack import unpack
from gobp.platform.workspace import IMAGE_LAYERS, Workspace
from gobp.system.files import remove_tree


def restore(
    group: Sequence[Buildpack],
    previous: Previous,
    cache: LayerCache,
    workspace: Workspace,
    log: BuildLog,
) -> None:
    """Write metadata of layers and store, give back cached layers and SBOM files."""
    cached = cache.layers(log)
    for buildpack in group:
        folder = workspace.layers / escape_id(buildpack.id)
        stored = previous.metadata.buildpack(buildpack.id)
        own = {layer.name: layer for layer in cached if layer.buildpack == buildpack.id}
        _restore_store(stored, folder)
        metadata = restorable(stored.layers, {name: own[name].stored for name in own})
        for name, layer in sorted(metadata.items()):
            _restore_layer(own.get(name), layer, folder / name, cache, log)
    _restore_sboms([buildpack.id for buildpack in group], previous, cache, workspace)


def restorable(
    image: Mapping[str, StoredLayer], cache: Mapping[str, StoredLayer]
) -> dict[str, StoredLayer]:
    """Return the layers whose metadata comes back, by name: from the image or from the cache.

    A layer of the image comes back if it is for launch, and either not needed at build or in the
    cache as well; one of the cache if it is not in the image.
    """
    restored = {}
    for name, layer in image.items():
        types = layer.types
        in_cache = name in cache and cache[name].types.cache
        if types.launch and (in_cache if types.cache else not types.build):
            restored[name] = layer
    from_cache = {
        name: layer
        for name, layer in cache.items()
        if layer.types.cache and not (layer.types.launch and name in image)
    }
    return restored | from_cache


def _restore_layer(
    cached: CachedLayer | None,
    layer: StoredLayer,
    place: Path,
    cache: LayerCache,
    log: BuildLog,
) -> None:
    """Give back a layer's metadata, and its content where the cache has the very same."""
    if cached is not None and cached.stored.sha != layer.sha:
        log.debug(f"Not restoring {cached.buildpack}:{cached.name}: the image has another one")
        return
    _write(place.with_name(f"{place.name}.toml"), {"metadata": layer.metadata})
    if cached is not None:
        log.debug(f"Restoring {cached.buildpack}:{cached.name} from the cache")
        cache.restore(cached, place)


def _restore_store(stored: StoredBuildpack, folder: Path) -> None:
    if stored.store is not None:
        _write(folder / "store.toml", Store(stored.store.metadata).to_toml())


def _write(path: Path, document: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = as_restored({key: value for key, value in document.items() if value})
    path.write_text(toml.dumps(plain if isinstance(plain, dict) else {}), encoding="utf-8")


def _restore_sboms(
    group: Sequence[str], previous: Previous, cache: LayerCache, workspace: Workspace
) -> None:
    """Copy SBOM files of the last build beside their layers, those of the image last."""
    if previous.image is not None:
        sbom = [each for each in previous.image.layers if each.diff_id == previous.metadata.sbom]
        unpack(sbom, workspace.root, below=(f"{IMAGE_LAYERS}/sbom/launch",))
    spread_sboms(cache.sboms, workspace.layers, group)
    spread_sboms(workspace.layers / "sbom" / "launch", workspace.layers, group)
    remove_tree(workspace.layers / "sbom")
