"""watchexec as a dependency: used to watch where it can be had, as Paketo's images do."""

from pathlib import Path, PurePosixPath

from gobp.buildpack.component import BuildContext
from gobp.buildpack.layers import Layer
from gobp.buildpack.supply.dependency import Dependency, deliver, dependency
from gobp.cnb.layer import LayerTypes
from gobp.system.archive import extract_tar
from gobp.system.fetch import NotAvailableError
from gobp.system.files import remove_tree

LAYER = "watchexec"
_PATHS = {"watchexec": "bin/watchexec", "LICENSE": "LICENSE"}


def provide_watchexec(context: BuildContext) -> str:
    """Return where watchexec is in the image, "" (and says why) where it cannot be had.

    Raises UserError where its checksum is wrong.
    """
    wanted = dependency(context.metadata, LAYER, context.facts.target.arch)
    if wanted is None:
        context.log.process("Watching by itself: buildpack.toml names no watchexec")
        return ""
    layer = context.layers.layer(LAYER)
    key = {"version": wanted.version, "sha256": wanted.sha256}
    if layer.stale_because(key):
        try:
            _install(wanted, layer, context)
        except NotAvailableError as error:
            remove_tree(layer.path)
            context.log.process(f"Watching by itself: watchexec is not to be had: {error.summary}")
            return ""
    else:
        context.log.process(f"Reusing cached layer {layer.path}")
    context.layers.contribute(layer, LayerTypes(launch=True, cache=True), metadata=key)
    context.log.process(f"Watching with watchexec {wanted.version}")
    return str(layer.path / _PATHS["watchexec"])


def _install(wanted: Dependency, layer: Layer, context: BuildContext) -> None:
    archive = layer.reset() / PurePosixPath(wanted.uri).name
    deliver(wanted, archive, context)
    extract_tar(archive, layer.path, _kept)
    Path(archive).unlink()


def _kept(name: str) -> str | None:
    """Map a file of the archive, which has one folder, to its path in the layer."""
    return _PATHS.get(name.removeprefix("./").partition("/")[2])
