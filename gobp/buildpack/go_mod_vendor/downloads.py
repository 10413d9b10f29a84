"""What the next build gets of the module cache: what was downloaded, and is still needed.

Go unpacks what it needs again. Source: https://go.dev/ref/mod#module-cache.
"""

import posixpath
from collections.abc import Set as AbstractSet
from pathlib import Path

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_mod_vendor.modules import (
    BUILD_AND_CACHE,
    DOWNLOADS,
    LAYER,
    ModuleCache,
)
from gobp.golang import sumfile
from gobp.golang.module import escape_path, escape_version
from gobp.system.files import remove_tree

_ASIDE = ".modules"  # beside the layers, and none of them
_STAYS = frozenset({"cache", "download", "env.build"})
_OF_A_VERSION = frozenset({".info", ".mod", ".zip", ".ziphash"})


def leave_at_end(context: BuildContext, cache: ModuleCache, *, go_sum_has_all: bool) -> None:
    """At the end of the build leave in the layer the downloads alone.

    ``go_sum_has_all`` says that go needs no module but those in the go.sum of the app, so that what
    it does not name has had its day.
    """
    if cache.shared or not any(cache.path.iterdir()):
        return
    # Now, as the app's source may be gone at the end.
    named = _named_by_go_sum(context) if go_sum_has_all else None
    context.session.at_end(LAYER, lambda: _leave(context, cache, named))


def _leave(context: BuildContext, cache: ModuleCache, named: AbstractSet[str] | None) -> None:
    aside = context.layers.root / _ASIDE
    remove_tree(aside)
    aside.mkdir()
    for path in [*cache.path.iterdir(), *cache.path.glob("cache/*")]:
        if path.name not in _STAYS:
            path.rename(aside / path.name)
    downloads = cache.path / DOWNLOADS
    for path in [*downloads.rglob("*")]:
        version = str(path.relative_to(downloads).with_suffix(""))
        forgotten = named is not None and path.suffix in _OF_A_VERSION and version not in named
        if path.suffix == ".lock" or forgotten or _is_unused(path):
            path.unlink()
    cache.layer.write_metadata(BUILD_AND_CACHE, {})


def _is_unused(path: Path) -> bool:
    """Tell whether a file is a zip that go has not checked: fetched for it, and not asked for."""
    return path.suffix == ".zip" and not path.with_suffix(".ziphash").exists()


def _named_by_go_sum(context: BuildContext) -> frozenset[str]:
    """Return the versions in go.sum as the cache names them."""
    app = context.facts.app
    path = posixpath.join(read_layout(app, context.env).root, "go.sum")
    lines = sumfile.parse(app.read_text(path), source=path) if app.has(path) else ()
    return frozenset(
        f"{escape_path(line.path)}/@v/{escape_version(line.version.removesuffix('/go.mod'))}"
        for line in lines
    )
