"""SBOM files: from the buildpacks' folders to those of the platform, and back (cnb.md 2.6)."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from gobp.cnb.buildpack import escape_id
from gobp.cnb.sbom import SbomFormat
from gobp.errors import UserError
from gobp.platform.buildpacks import Buildpack
from gobp.platform.layers_dir import read_layers
from gobp.system.files import remove_tree

_LEGACY = b"null\n"  # what the lifecycle writes for the bill of materials of Buildpack API < 0.7


def gather_sboms(layers_dir: Path, group: Sequence[Buildpack]) -> None:
    """Copy every SBOM file to ``<layers>/sbom/{launch,build,cache}/<buildpack>[/<layer>]``.

    Raises UserError on a file of a kind that its buildpack does not declare.
    """
    root = layers_dir / "sbom"
    remove_tree(root)
    for kind in ("launch", "build"):
        (root / kind).mkdir(parents=True)
        (root / kind / "sbom.legacy.json").write_bytes(_LEGACY)
    for buildpack in group:
        folder = layers_dir / escape_id(buildpack.id)
        types = {layer.name: layer.content.types for layer in read_layers(layers_dir, buildpack.id)}
        for file in sorted(folder.glob("*.sbom.*.json")):
            layer, _, name = file.name.partition(".")
            if layer in {"launch", "build"}:
                kinds, below = [layer], Path()
            elif layer in types and (folder / f"{layer}.toml").is_file():
                kinds = ["launch" if types[layer].launch else "build"]
                kinds += ["cache"] if types[layer].cache else []
                below = Path(layer)
            else:
                continue
            _check_declared(buildpack, file, name)
            _copy(file, [root / kind / folder.name / below / name for kind in kinds])


def spread_sboms(sbom_dir: Path, layers_dir: Path, buildpacks: Iterable[str]) -> None:
    """Copy ``<buildpack>/<layer>/sbom.*`` to ``<layers>/<buildpack>/<layer>.sbom.*``.

    Only for buildpacks of the group whose folder is there; files for a whole build stay behind.
    """
    for buildpack in buildpacks:
        folder = layers_dir / escape_id(buildpack)
        if not folder.is_dir():
            continue
        for file in sorted((sbom_dir / escape_id(buildpack)).glob("*/sbom.*json")):
            (folder / f"{file.parent.name}.{file.name}").write_bytes(file.read_bytes())


def _check_declared(buildpack: Buildpack, file: Path, name: str) -> None:
    declared = {SbomFormat.parse(text) for text in buildpack.descriptor.sbom_formats}
    if name not in {each.extension for each in declared}:
        raise UserError(
            f"{buildpack} wrote {file.name}, an SBOM of a kind that it does not declare",
            remedy="list its media type in sbom-formats of buildpack.toml.",
        )


def _copy(file: Path, places: Sequence[Path]) -> None:
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
