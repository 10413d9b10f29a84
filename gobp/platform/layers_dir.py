"""What a buildpack left in its layers folder: layers, store, launch and build files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb import toml
from gobp.cnb.buildpack import escape_id
from gobp.cnb.env import LayerEnvironment
from gobp.cnb.layer import LayerContent, LayerTypes
from gobp.errors import UserError

RESERVED = frozenset({"launch", "build", "store"})
_NOTHING = LayerContent(LayerTypes(), {})


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """A layer as it lies in ``<layers>/<buildpack>``; ``path`` may be missing."""

    buildpack: str
    name: str
    path: Path
    content: LayerContent

    @property
    def has_contents(self) -> bool:
        """Tell whether the layer's folder is there."""
        return self.path.is_dir()

    def __str__(self) -> str:
        """Return the lifecycle's name of a layer."""
        return f"{self.buildpack}:{self.name}"


def read_layers(layers_dir: Path, buildpack: str) -> tuple[BuiltLayer, ...]:
    """Return a buildpack's layers, sorted by name; a folder without TOML is of no type.

    Raises UserError on TOML that cannot be read or has its types at the wrong place.
    """
    folder = layers_dir / escape_id(buildpack)
    if not folder.is_dir():
        return ()
    names = {path.name for path in folder.iterdir() if path.is_dir()}
    names |= {path.stem for path in folder.glob("*.toml") if path.is_file()} - RESERVED
    return tuple(
        BuiltLayer(buildpack, name, folder / name, _content(folder / f"{name}.toml"))
        for name in sorted(names)
    )


def read_toml(path: Path) -> dict[str, object] | None:
    """Return a TOML file's document, None where there is no file. Raises UserError on bad TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8", remedy="write TOML as UTF-8.") from error
    return toml.loads(text, source=str(path))


def layer_environment(layer: Path) -> LayerEnvironment:
    """Return the changes to the environment that a layer's ``env*`` folders ask for."""
    files = {
        str(path.relative_to(layer)): path.read_text(encoding="utf-8", errors="surrogateescape")
        for folder in ("env", "env.build", "env.launch")
        for path in _env_files(layer / folder)
    }
    return LayerEnvironment.from_files(files)


def _env_files(folder: Path) -> Iterator[Path]:
    """Yield the files of an env folder and of the process folders in it."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and folder.name == "env.launch":
            yield from (below for below in sorted(path.iterdir()) if below.is_file())
        elif path.is_file():
            yield path


def _content(path: Path) -> LayerContent:
    document = read_toml(path)
    return _NOTHING if document is None else LayerContent.from_toml(document, source=str(path))
