"""What stays of modules and vendor folder in a build that compiles nothing."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_mod_vendor.modules import retain_modules
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes

VENDOR_LAYER = "vendor"
VENDOR_TYPES = LayerTypes(cache=True)


def keep(context: BuildContext) -> Launch:
    """Keep the modules and the vendor folder of earlier builds, unopened."""
    retain_modules(context)
    context.layers.retain(VENDOR_LAYER, VENDOR_TYPES)
    return Launch()
