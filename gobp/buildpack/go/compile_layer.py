"""The layer of the compile cache, as builds see it that do not open it."""

from gobp.buildpack.cache_layer import redeclare
from gobp.buildpack.component import BuildContext
from gobp.buildpack.volume import volume_of

LAYER = "gocache"


def redeclare_compile_cache(context: BuildContext) -> None:
    """Keep what was restored for the next build, in a build that compiles nothing."""
    if volume_of(context.env) is None:
        redeclare(context, LAYER)
