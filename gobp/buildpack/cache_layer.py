"""Cached layers that the buildpack does not look into: kept from build to build, or dropped."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.layers import Layer
from gobp.cnb.env import LayerEnvironment
from gobp.cnb.layer import LayerTypes

_CACHE = LayerTypes(cache=True)


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


def redeclare(
    context: BuildContext,
    name: str,
    types: LayerTypes = _CACHE,
    environment: LayerEnvironment | None = None,
) -> None:
    """Have the lifecycle cache a restored layer again as it is, unopened.

    One that was not restored, or only half, is left out: the next build that needs it makes it
    anew. Source: platform spec, "Phase #5: Export" (a layer that is not declared is not cached).
    """
    layer = context.layers.layer(name)
    if layer.stale_because({}):
        return
    metadata = {key: str(value) for key, value in layer.restored.items()}
    context.layers.contribute(layer, types, metadata=metadata, environment=environment)
