"""Writes the bills of materials beside the layers that they are of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.programs import built_programs
from gobp.buildpack.reporting.steps import timed
from gobp.buildpack.sbom.app_modules import AppModules
from gobp.buildpack.sbom.config import SbomConfig, read_config
from gobp.buildpack.sbom.toolchain import GO_LAYER, place_of_go, toolchain_bill
from gobp.buildpack.unchanged.noted import GO
from gobp.cnb import toml
from gobp.cnb.buildpack import BuildpackToml
from gobp.cnb.launch import Label, Launch
from gobp.cnb.sbom import BUILD, SbomFormat, file_name
from gobp.golang.buildinfo import BuildInfo
from gobp.sbom.bill import Bill, ProgramFile, bill_of_programs
from gobp.sbom.origin import Origin
from gobp.sbom.render import render
from gobp.system.fetch import sha256_of
from gobp.system.files import write_atomically

_TARGETS = "targets"
_PROGRAMS = "bin"
_DISABLED = Label("io.paketo.sbom.disabled", "true")  # Paketo RFC 0044


def build(context: BuildContext) -> Launch:
    """Write the bills of the programs and of the Go that compiled them. Raises UserError."""
    config = read_config(context.facts)
    _remove_restored(context.layers.root, (_TARGETS, GO_LAYER, BUILD))
    if config.disabled:
        return _disabled(context)
    context.log.process(f"Generating SBOM for {context.layers.root / _TARGETS / _PROGRAMS}")
    with timed(context.log):
        documents = _documents(context, config)
        infos = _build_infos(context)
        if infos:
            documents.write(_TARGETS, _bill_of_programs(context, infos))
            go = toolchain_bill(context, infos[0].go_version)
            documents.write(place_of_go(context), go)
    context.log.gap()
    _log_formats(context, documents)
    return Launch()


def keep(context: BuildContext) -> Launch:
    """Leave the programs' bill, which the lifecycle has given back. Raises UserError.

    Go has one of its own only where another buildpack is to use it.
    """
    config = read_config(context.facts)
    _remove_restored(context.layers.root, (GO_LAYER, BUILD))
    if config.disabled:
        return _disabled(context)
    context.log.process("Keeping the SBOM of the programs")
    go = context.report.facts.get(GO)
    if isinstance(go, Mapping) and place_of_go(context) == GO_LAYER:
        bill = toolchain_bill(context, f"go{go.get('version', '')}")
        _documents(context, config).write(GO_LAYER, bill)
    context.log.gap()
    return Launch()


def _disabled(context: BuildContext) -> Launch:
    context.log.process("Writing no SBOM (BP_DISABLE_SBOM)")
    context.log.gap()
    return Launch(labels=(_DISABLED,))


@dataclass(frozen=True, slots=True)
class _Documents:
    """Where documents go, in which formats, and what they say of their origin."""

    folder: Path
    formats: tuple[SbomFormat, ...]
    origin: Origin

    def write(self, place: str, bill: Bill) -> None:
        """Write a bill in every format; ``place`` is a layer, or BUILD."""
        for each in self.formats:
            text = render(bill, each, self.origin)
            write_atomically(self.folder / file_name(place, each), text.encode())


def _documents(context: BuildContext, config: SbomConfig) -> _Documents:
    """Return the formats that buildpack.toml declares: the lifecycle refuses any other."""
    source = context.buildpack_dir / "buildpack.toml"
    document = toml.loads(source.read_text(encoding="utf-8"), source=str(source))
    buildpack = BuildpackToml.from_toml(document, source=str(source))
    formats = tuple(SbomFormat.parse(each) for each in buildpack.sbom_formats)
    return _Documents(context.layers.root, formats, Origin(buildpack.version, config.epoch))


def _remove_restored(layers: Path, places: Iterable[str]) -> None:
    """Remove what the lifecycle gave back of the last build: it may be of another Go."""
    for place in places:
        for each in SbomFormat:
            (layers / file_name(place, each)).unlink(missing_ok=True)


def _build_infos(context: BuildContext) -> tuple[BuildInfo, ...]:
    """Return what the programs say of themselves, with paths relative to their layer."""
    infos = built_programs(context)
    for info in infos:
        if info.main is None and not info.dependencies:
            context.log.subprocess(f"{info.file} was built without modules: it names none")
    return infos


def _bill_of_programs(context: BuildContext, infos: tuple[BuildInfo, ...]) -> Bill:
    layer = context.layers.root / _TARGETS
    files = (ProgramFile(info, sha256_of(layer / info.file)) for info in infos)
    size = sum((layer / info.file).stat().st_size for info in infos)
    context.report.count(bytesHashed=size)
    return bill_of_programs(_TARGETS, files, AppModules(context))


def _log_formats(context: BuildContext, documents: _Documents) -> None:
    context.log.debug("Writing SBOM in the following format(s):")
    for each in documents.formats:
        context.log.debug(f"  {each.value}")
    context.log.debug("")
