"""The layers of this buildpack: restored, judged, renewed and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobp.cnb import toml
from gobp.cnb.env import LayerEnvironment, layer_directories
from gobp.cnb.layer import LayerContent, LayerTypes
from gobp.system.files import count_tree, remove_tree, write_atomically

_CONTENT = "content"  # metadata key: what a cached layer held when it was written


class Layer:
    """One layer: its folder and what the lifecycle restored of its metadata."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.path = root / name
        self._toml = root / f"{name}.toml"
        self.stale: list[str] | None = None  # None until it is judged
        self.restored: Mapping[str, object] = self._read_metadata()

    def stale_because(self, wanted: Mapping[str, str]) -> list[str]:
        """Return every reason not to reuse what was restored; none means reuse it.

        A layer whose files are not those that were written (a cache restored half) is stale too.
        """
        self.stale = self._stale_because(wanted)
        return self.stale

    def _stale_because(self, wanted: Mapping[str, str]) -> list[str]:
        if not self.restored or not self.path.is_dir():
            return ["nothing was restored"]
        reasons = [
            f"{key} changed from {self.restored.get(key, 'nothing')} to {value}"
            for key, value in wanted.items()
            if self.restored.get(key) != value
        ]
        if not reasons and self.restored.get(_CONTENT) != _content_of(self.path):
            reasons = ["the restored files are not complete"]
        return reasons

    def reset(self) -> Path:
        """Empty the layer and forget its metadata; return its folder."""
        self._toml.unlink(missing_ok=True)
        self.restored = {}
        remove_tree(self.path)
        self.path.mkdir(parents=True)
        return self.path

    def write_metadata(self, types: LayerTypes, metadata: Mapping[str, object]) -> None:
        """Declare the layer. Metadata is a pure function of what the layer holds."""
        document: dict[str, object] = dict(metadata)
        if types.cache:
            document[_CONTENT] = _content_of(self.path)
        self._declare(types, document)

    def declare_as_restored(self, types: LayerTypes) -> None:
        """Declare the layer with the metadata that was restored, unopened and uncounted."""
        self._declare(types, self.restored)

    def _declare(self, types: LayerTypes, metadata: Mapping[str, object]) -> None:
        content = LayerContent(types, metadata)
        write_atomically(self._toml, toml.dumps(content.to_toml()).encode())

    def _read_metadata(self) -> Mapping[str, object]:
        if not self._toml.exists():
            return {}
        text = self._toml.read_text(encoding="utf-8")
        document = toml.loads(text, source=str(self._toml))
        return LayerContent.from_toml(document, source=str(self._toml)).metadata


def _content_of(path: Path) -> str:
    files, size = count_tree(path)
    return f"{files} files, {size} bytes"


@dataclass(frozen=True, slots=True)
class LayerOutcome:
    """What became of a layer: its types (None: not contributed), why it was not reused."""

    name: str
    types: LayerTypes | None
    reused: bool
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Contribution:
    layer: Layer
    types: LayerTypes
    environment: LayerEnvironment
    metadata: Mapping[str, object] = field(default_factory=dict)


class Layers:
    """The folder ``<layers>`` of this buildpack, and what this build has contributed to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._seen: list[Layer] = []
        self._contributed: list[_Contribution] = []

    def layer(self, name: str) -> Layer:
        """Return a layer as it was restored; it exists in the build only once contributed."""
        layer = Layer(self.root, name)
        self._seen.append(layer)
        return layer

    @property
    def environments(self) -> tuple[tuple[str, LayerEnvironment], ...]:
        """The names and environments of the layers, in the order in which they came."""
        return tuple((each.layer.name, each.environment) for each in self._contributed)

    def outcomes(self) -> tuple[LayerOutcome, ...]:
        """Return what became of each layer that was judged or contributed, by name."""
        types = {each.layer.name: each.types for each in self._contributed}
        stale = {layer.name: layer.stale for layer in self._seen if layer.stale is not None}
        return tuple(
            LayerOutcome(name, types.get(name), stale.get(name) == [], tuple(stale.get(name, ())))
            for name in sorted({*types, *stale})
        )

    def contribute(
        self,
        layer: Layer,
        types: LayerTypes,
        *,
        metadata: Mapping[str, object] | None = None,
        environment: LayerEnvironment | None = None,
    ) -> None:
        """Write a layer's environment files and metadata; nothing of it is seen before this."""
        environment = environment or LayerEnvironment()
        for path, value in environment.to_files().items():
            file = layer.path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, value.encode("utf-8", "surrogateescape"))
        layer.write_metadata(types, metadata or {})
        self._contributed.append(_Contribution(layer, types, environment, metadata or {}))

    def annotate(self, name: str, metadata: Mapping[str, object]) -> None:
        """Add to the metadata of a layer that this build has contributed."""
        for each in self._contributed:
            if each.layer.name == name:
                each.layer.write_metadata(each.types, {**each.metadata, **metadata})

    def retain(
        self, name: str, types: LayerTypes, environment: LayerEnvironment | None = None
    ) -> bool:
        """Declare a cached layer as it was restored: none of its files is read or written.

        ``environment`` is what its files say. Returns whether there is such a layer; without one
        nothing is declared.
        """
        layer = Layer(self.root, name)
        if not layer.restored or not layer.path.is_dir():
            return False
        layer.stale = []
        self._seen.append(layer)
        layer.declare_as_restored(types)
        self._contributed.append(_Contribution(layer, types, environment or LayerEnvironment()))
        return True

    def keep(self, name: str, types: LayerTypes, metadata: Mapping[str, object]) -> None:
        """Declare that the layer of the previous image, which is for launch alone, stays.

        It has no folder: the lifecycle then takes the image's own. Source: buildpack spec, "Layer
        Types"; platform spec, "Phase #5: Export".
        """
        layer = Layer(self.root, name)
        remove_tree(layer.path)
        layer.stale = []
        self._seen.append(layer)
        layer.write_metadata(types, metadata)
        self._contributed.append(_Contribution(layer, types, LayerEnvironment(), metadata))

    def build_environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return ``env`` changed by the build layers contributed so far, by the lifecycle's rules.

        Source: buildpack spec, "Environment", "Layer Paths" and "Environment Variable
        Modification Rules"; layers in order of their names.
        """
        result = dict(env)
        build = [each for each in self._contributed if each.types.build]
        for each in sorted(build, key=lambda contribution: contribution.layer.name):
            present = [path.name for path in each.layer.path.iterdir() if path.is_dir()]
            root = str(each.layer.path)
            result = dict(layer_directories(root, present, result, launch=False))
            result = each.environment.at_build(result)
        return result
