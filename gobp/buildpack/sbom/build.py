"""Writes the bills of materials beside the layers that they are of."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.programs import built_programs
from gobp.buildpack.reporting.steps import timed
from gobp.buildpack.sbom.app_modules import AppModules
from gobp.buildpack.sbom.config import read_config
from gobp.buildpack.sbom.documents import Documents, documents_of
from gobp.buildpack.sbom.go_layer import GO_LAYER, place_of_go
from gobp.buildpack.sbom.keep import disabled, remove_restored
from gobp.buildpack.sbom.toolchain import toolchain_bill
from gobp.buildpack.unchanged.noted import TARGETS
from gobp.cnb.launch import Launch
from gobp.cnb.sbom import BUILD
from gobp.golang.buildinfo import BuildInfo
from gobp.sbom.bill import Bill, ProgramFile, bill_of_programs
from gobp.system.fetch import sha256_of

_PROGRAMS = "bin"


def build(context: BuildContext) -> Launch:
    """Write the bills of the programs and of the Go that compiled them. Raises UserError."""
    config = read_config(context.facts)
    remove_restored(context.layers.root, (TARGETS, GO_LAYER, BUILD))
    if config.disabled:
        return disabled(context)
    context.log.process(f"Generating SBOM for {context.layers.root / TARGETS / _PROGRAMS}")
    with timed(context.log):
        documents = documents_of(context, config)
        infos = _build_infos(context)
        if infos:
            documents.write(TARGETS, _bill_of_programs(context, infos))
            go = toolchain_bill(context, infos[0].go_version)
            documents.write(place_of_go(context), go)
    context.log.gap()
    _log_formats(context, documents)
    return Launch()


def _build_infos(context: BuildContext) -> tuple[BuildInfo, ...]:
    """Return what the programs say of themselves, with paths relative to their layer."""
    infos = built_programs(context)
    for info in infos:
        if info.main is None and not info.dependencies:
            context.log.subprocess(f"{info.file} was built without modules: it names none")
    return infos


def _bill_of_programs(context: BuildContext, infos: tuple[BuildInfo, ...]) -> Bill:
    layer = context.layers.root / TARGETS
    files = (ProgramFile(info, sha256_of(layer / info.file)) for info in infos)
    size = sum((layer / info.file).stat().st_size for info in infos)
    context.report.count(bytesHashed=size)
    return bill_of_programs(TARGETS, files, AppModules(context))


def _log_formats(context: BuildContext, documents: Documents) -> None:
    context.log.debug("Writing SBOM in the following format(s):")
    for each in documents.formats:
        context.log.debug(f"  {each.value}")
    context.log.debug("")
