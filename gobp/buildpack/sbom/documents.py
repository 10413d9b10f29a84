"""The files of bills of materials: one for each format that buildpack.toml declares."""

from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.sbom.config import SbomConfig
from gobp.cnb import toml
from gobp.cnb.buildpack import BuildpackToml
from gobp.cnb.sbom import SbomFormat, file_name
from gobp.sbom.bill import Bill
from gobp.sbom.origin import Origin
from gobp.sbom.render import render
from gobp.system.files import write_atomically


@dataclass(frozen=True, slots=True)
class Documents:
    """Where documents go, in which formats, and what they say of their origin."""

    folder: Path
    formats: tuple[SbomFormat, ...]
    origin: Origin

    def write(self, place: str, bill: Bill) -> None:
        """Write a bill in every format; ``place`` is a layer, or BUILD."""
        for each in self.formats:
            text = render(bill, each, self.origin)
            write_atomically(self.folder / file_name(place, each), text.encode())


def documents_of(context: BuildContext, config: SbomConfig) -> Documents:
    """Return the formats that buildpack.toml declares: the lifecycle refuses any other."""
    source = context.buildpack_dir / "buildpack.toml"
    document = toml.loads(source.read_text(encoding="utf-8"), source=str(source))
    buildpack = BuildpackToml.from_toml(document, source=str(source))
    formats = tuple(SbomFormat.parse(each) for each in buildpack.sbom_formats)
    return Documents(context.layers.root, formats, Origin(buildpack.version, config.epoch))
