"""What becomes of Go in a build that compiles nothing: it stays packed."""

from gobp.buildpack.cache_layer import redeclare
from gobp.buildpack.component import BuildContext
from gobp.buildpack.volume import volume_of
from gobp.cnb.launch import Launch

LAYER = "go"


def keep(context: BuildContext) -> Launch:
    """Leave Go packed, unless another buildpack is to use it."""
    if context.is_for_others:
        from gobp.buildpack.go_dist.build import build  # noqa: PLC0415 # what few such builds need

        return build(context)
    if volume_of(context.env) is None:
        redeclare(context, LAYER)
    return Launch()
