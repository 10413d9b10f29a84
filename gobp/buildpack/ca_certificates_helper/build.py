"""Puts the program into the image that reads certificates from bindings before each start."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.supply.helpers import helper_id, prebuilt_helper, put_helper
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes

LAYER = "helper"
_HELPER = "ca-certificates"
_FILE = "exec.d/ca-certificates-helper"


def build(context: BuildContext) -> Launch:
    """Write the layer with the program; one that was compiled is kept for the next build."""
    layer = context.layers.layer(LAYER)
    metadata = {"helper": helper_id(context, _HELPER)}
    if layer.stale_because(metadata):
        put_helper(context, _HELPER, layer.reset() / _FILE)
    compiled = prebuilt_helper(context, _HELPER) is None
    context.layers.contribute(layer, LayerTypes(launch=True, cache=compiled), metadata=metadata)
    context.log.process("The image trusts certificates of bindings of type ca-certificates")
    context.log.gap()
    return Launch()
