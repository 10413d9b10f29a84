"""The compile cache as a layer: Go's GOCACHE, swept of what the last build did not use.

Go trims its cache by age, and a restored cache has no age: the lifecycle gives every file the
time of its restoration. So each entry is made old before a build; go freshens what it uses.
Every component that compiles shares the cache: the first one opens it, go-build sweeps it.
"""

import os
import time
from pathlib import Path

from gobp.buildpack.cache_layer import open_cache
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.compile_seed import plant_seed
from gobp.buildpack.switches import LIVE_RELOAD, is_on
from gobp.cnb.layer import LayerTypes
from gobp.system.files import remove_tree

LAYER = "gocache"
_VARIABLE = "GOCACHE"
_OLD = 1.0  # seconds since 1970; anything that go counts as older than an hour
_TRIM_MARK = "trim.txt"


def open_compile_cache(context: BuildContext) -> str:
    """Return the GOCACHE of this build, which the first caller finds as it was restored.

    The session carries it to the components after it.
    """
    path = context.layers.root / LAYER
    if context.session.env.get(_VARIABLE) != str(path):
        layer = open_cache(context, LAYER, "compile cache")
        if not layer.restored:
            plant_seed(context, layer.path)
        mark_old(path)
        context.session.set(_VARIABLE, str(path))
    return str(path)


def keep_compile_cache(context: BuildContext) -> None:
    """Keep for the next build what this one used; no go command may use the cache after this.

    An image that rebuilds the app gets the cache too: its first build then compiles the app alone.
    """
    layer = context.layers.layer(LAYER)
    swept = sweep(layer.path)
    context.log.debug(f"Removed {swept} unused entries from the compile cache")
    context.layers.contribute(layer, LayerTypes(cache=True, launch=is_on(context.env, LIVE_RELOAD)))
    context.session.set(_VARIABLE, "")  # a command that compiles later takes go's default


def mark_old(cache: Path) -> None:
    """Make every entry old, and tell go that it has trimmed the cache just now."""
    for entry in _entries(cache):
        os.utime(entry, (_OLD, _OLD))
    cache.mkdir(parents=True, exist_ok=True)
    (cache / _TRIM_MARK).write_text(f"{int(time.time())}\n", encoding="ascii")


def sweep(cache: Path) -> int:
    """Remove the entries that were not used since they were marked; return how many went."""
    unused = [entry for entry in _entries(cache) if entry.stat().st_mtime <= _OLD]
    for entry in unused:
        remove_tree(entry)  # programs that go keeps (go run, go tool) are in folders of their own
    (cache / _TRIM_MARK).unlink(missing_ok=True)  # it holds the time of the build
    return len(unused)


def _entries(cache: Path) -> list[Path]:
    """Return what is in the cache's 256 folders, named by the first byte of what they hold."""
    if not cache.is_dir():
        return []
    folders = [path for path in cache.iterdir() if path.is_dir() and len(path.name) == 2]
    return [entry for folder in folders for entry in folder.iterdir()]
