"""The command that gets an app's modules."""

from collections.abc import Mapping

from gobp.buildpack.app.layout import AppLayout, Mode, Vendor

_THREADS = "16"  # that wait for a proxy; as many modules does go fetch at once


def fetch_argv(layout: AppLayout) -> tuple[str, ...]:
    """Return the command that gets the modules.

    ``go mod vendor`` would delete a vendor folder that holds other things than modules, so then
    they only go into the module cache.
    """
    if layout.vendor is Vendor.OTHER:
        return ("go", "mod", "download")
    return ("go", "work" if layout.mode is Mode.WORKSPACE else "mod", "vendor")


def fetch_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what lets go fetch more modules at a time than the machine has processors.

    Source: cmd/go, ``modload`` and ``modcmd/download.go``, which take GOMAXPROCS for that.
    """
    return {} if env.get("GOMAXPROCS") else {"GOMAXPROCS": _THREADS}
