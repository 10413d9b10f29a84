"""The command that gets an app's modules."""

from gobp.buildpack.app.layout import AppLayout, Mode, Vendor


def fetch_argv(layout: AppLayout) -> tuple[str, ...]:
    """Return the command that gets the modules.

    ``go mod vendor`` would delete a vendor folder that holds other things than modules, so then
    they only go into the module cache.
    """
    if layout.vendor is Vendor.OTHER:
        return ("go", "mod", "download")
    return ("go", "work" if layout.mode is Mode.WORKSPACE else "mod", "vendor")
