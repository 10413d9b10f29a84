"""The bills of a build that compiles nothing: those of the programs stay."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.sbom.config import read_config
from gobp.buildpack.sbom.go_layer import GO_LAYER, place_of_go
from gobp.buildpack.unchanged.noted import GO
from gobp.cnb.launch import Label, Launch
from gobp.cnb.sbom import BUILD, SbomFormat, file_name

_DISABLED = Label("io.paketo.sbom.disabled", "true")  # Paketo RFC 0044


def keep(context: BuildContext) -> Launch:
    """Leave the programs' bill, which the lifecycle has given back. Raises UserError.

    Go has one of its own only where another buildpack is to use it.
    """
    config = read_config(context.facts)
    remove_restored(context.layers.root, (GO_LAYER, BUILD))
    if config.disabled:
        return disabled(context)
    context.log.process("Keeping the SBOM of the programs")
    go = context.report.facts.get(GO)
    if isinstance(go, Mapping) and place_of_go(context) == GO_LAYER:
        # Writing bills takes much to import, which few such builds need.
        from gobp.buildpack.sbom.documents import documents_of  # noqa: PLC0415
        from gobp.buildpack.sbom.toolchain import toolchain_bill  # noqa: PLC0415

        bill = toolchain_bill(context, f"go{go.get('version', '')}")
        documents_of(context, config).write(GO_LAYER, bill)
    context.log.gap()
    return Launch()


def disabled(context: BuildContext) -> Launch:
    """Say that there are no bills, in the log and by a label of the image."""
    context.log.process("Writing no SBOM (BP_DISABLE_SBOM)")
    context.log.gap()
    return Launch(labels=(_DISABLED,))


def remove_restored(layers: Path, places: Iterable[str]) -> None:
    """Remove what the lifecycle gave back of the last build: it may be of another Go."""
    for place in places:
        for each in SbomFormat:
            (layers / file_name(place, each)).unlink(missing_ok=True)
