"""Runs ``dep ensure`` in a GOPATH of its own and brings back what it made."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.cache_layer import open_cache
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import go_environment
from gobp.buildpack.go.gopath import workplace
from gobp.buildpack.layers import Layer
from gobp.buildpack.reporting.steps import run_logged
from gobp.buildpack.switches import is_debug
from gobp.buildpack.volume import volume_of
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.golang.dep_failures import explain
from gobp.system.files import copy_tree, count_tree, remove_tree, write_atomically

LAYER = "depcachedir"
_CACHE = LayerTypes(cache=True)
_LOCK = "Gopkg.lock"
_VENDOR = "vendor"


def build(context: BuildContext) -> Launch:
    """Fill the app's vendor folder; what dep has fetched stays for the next build."""
    layout = read_layout(context.facts.app, context.env)
    cache, layer = _open(context)
    env = {**go_environment(context.env, context.app_dir), "DEPCACHEDIR": str(cache)}
    context.log.process("Executing build process")
    with workplace(context, layout, env) as place:
        _ensure(context, place.folder, place.env)
        _bring_back(context, place.folder, context.app_dir / layout.workdir)
    context.log.gap()
    if layer is not None:
        _keep(context, layer)
    return Launch()


def keep(context: BuildContext) -> Launch:
    """Keep what dep has fetched as it was restored."""
    context.layers.retain(LAYER, _CACHE)
    return Launch()


def _open(context: BuildContext) -> tuple[Path, Layer | None]:
    """Return where dep keeps what it fetches: in the volume, else in the layer, returned too."""
    volume = volume_of(context.env)
    if volume is not None:
        return volume / LAYER, None
    layer = open_cache(context, LAYER, "cached repositories")
    return layer.path, layer


def _ensure(context: BuildContext, folder: Path, env: Mapping[str, str]) -> None:
    argv = ("dep", "ensure", *(("-v",) if is_debug(env) else ()))

    def failed(status: int, lines: Sequence[str]) -> UserError:
        return explain(status, lines)

    run_logged(context, argv, cwd=folder, env=env, failed=failed)


def _bring_back(context: BuildContext, made: Path, app: Path) -> None:
    """Put the vendor folder and the lock into the app; there is no folder without dependencies."""
    remove_tree(app / _VENDOR)
    if (made / _VENDOR).is_dir():
        copy_tree(made / _VENDOR, app / _VENDOR)
    if not (made / _LOCK).is_file():
        return
    locked = (made / _LOCK).read_bytes()
    if (app / _LOCK).is_file() and (app / _LOCK).read_bytes() != locked:
        context.log.warning(
            f"{_LOCK} was not in step with the app, so dep has chosen anew: run 'dep ensure' and "
            "commit it, or the next build may be another."
        )
    write_atomically(app / _LOCK, locked)


def _keep(context: BuildContext, layer: Layer) -> None:
    files, _ = count_tree(layer.path)
    if files:  # nothing to cache is an error on old lifecycles
        context.layers.contribute(layer, _CACHE)
