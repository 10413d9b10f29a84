"""A layer that go fills and checks by itself: kept from build to build, dropped when damaged."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.layers import Layer


def open_cache(context: BuildContext, name: str, what: str) -> Layer:
    """Return a cache layer as it was restored, emptied if it is not what was written.

    ``what`` names it in the log.
    """
    layer = context.layers.layer(name)
    reasons = layer.stale_because({})
    if not reasons:
        context.log.process(f"Reusing cached layer {layer.path}")
        return layer
    if layer.restored:
        context.log.process(f"Not reusing the {what}: {'; '.join(reasons)}")
    layer.reset()
    return layer
