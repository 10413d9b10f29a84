"""What an image tells the next build of it: the label lifecycle.metadata and its TOML form.

Source: platform specification, "io.buildpacks.lifecycle.metadata (JSON)" and
"analyzed.toml (TOML)", where it is ``[metadata]`` with some keys named differently.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.cnb.labels import sorted_keys
from gobp.cnb.layer import LayerTypes
from gobp.cnb.store import Store
from gobp.cnb.toml import Table, get_bool, get_str, get_strs, get_table, get_tables


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A launch or cache layer: the diff ID of its tar and what its buildpack wrote about it."""

    sha: str
    types: LayerTypes = field(default_factory=LayerTypes)
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredBuildpack:
    """A buildpack that took part, with its layers by name and its store, if it has one."""

    id: str
    version: str
    layers: Mapping[str, StoredLayer] = field(default_factory=dict)
    store: Store | None = None


@dataclass(frozen=True, slots=True)
class RunImageRecord:
    """The run image: its last layer's diff ID, its reference, and where newer ones are found."""

    top_layer: str = ""
    reference: str = ""
    image: str = ""
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys that differ between JSON and TOML."""

    metadata: str
    run_image: str
    top_layer: str


_JSON = _Keys("data", "runImage", "topLayer")
_TOML = _Keys("metadata", "run-image", "top-layer")


@dataclass(frozen=True, slots=True)
class LifecycleMetadata:
    """All layers that a build added to the run image, by diff ID ("sha256:..."), "" for none."""

    app: tuple[str, ...] = ()
    sbom: str = ""
    buildpacks: tuple[StoredBuildpack, ...] = ()
    config: str = ""
    launcher: str = ""
    process_types: str = ""
    run_image: RunImageRecord = field(default_factory=RunImageRecord)

    def buildpack(self, buildpack_id: str) -> StoredBuildpack:
        """Return what is known of a buildpack; nothing, if it took no part."""
        found = (each for each in self.buildpacks if each.id == buildpack_id)
        return next(found, StoredBuildpack(buildpack_id, ""))

    def to_json(self) -> Table:
        """Return the label's value, keys in the lifecycle's order; see ``labels.to_json``."""
        return _document(self, _JSON)

    def to_toml(self) -> Table:
        """Return ``[metadata]`` of analyzed.toml."""
        return _document(self, _TOML)

    @classmethod
    def from_json(cls, document: Mapping[str, object], *, source: str) -> "LifecycleMetadata":
        """Read the label's value. Raises UserError on a wrong type."""
        return _from_document(_without_nulls(document), _JSON, source)

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "LifecycleMetadata":
        """Read ``[metadata]`` of analyzed.toml. Raises UserError on a wrong type."""
        return _from_document(document, _TOML, source)


def _document(metadata: LifecycleMetadata, keys: _Keys) -> Table:
    document: Table = {"app": [{"sha": sha} for sha in metadata.app]}
    if metadata.sbom:
        document["sbom"] = {"sha": metadata.sbom}
    document["buildpacks"] = [_buildpack_table(each, keys) for each in metadata.buildpacks]
    document["config"] = {"sha": metadata.config}
    document["launcher"] = {"sha": metadata.launcher}
    document["process-types"] = {"sha": metadata.process_types}
    run_image = metadata.run_image
    source: Table = {"image": run_image.image} if run_image.image else {}
    if run_image.mirrors:
        source["mirrors"] = list(run_image.mirrors)
    document[keys.run_image] = {
        keys.top_layer: run_image.top_layer,
        "reference": run_image.reference,
        **source,
    }
    if source:
        document["stack"] = {keys.run_image: source}  # for platforms before Platform API 0.12
    return document


def _buildpack_table(buildpack: StoredBuildpack, keys: _Keys) -> Table:
    layers = {name: _layer_table(buildpack.layers[name], keys) for name in sorted(buildpack.layers)}
    table: Table = {"key": buildpack.id, "version": buildpack.version, "layers": layers}
    if buildpack.store is not None:
        table["store"] = {"metadata": sorted_keys(buildpack.store.metadata)}
    return table


def _layer_table(layer: StoredLayer, keys: _Keys) -> Table:
    types = layer.types
    table: Table = {"sha": layer.sha}
    if layer.metadata:
        table[keys.metadata] = sorted_keys(layer.metadata)
    elif keys is _JSON:
        table[keys.metadata] = None
    return table | {"build": types.build, "launch": types.launch, "cache": types.cache}


def _from_document(document: Mapping[str, object], keys: _Keys, source: str) -> LifecycleMetadata:
    def sha(key: str) -> str:
        return get_str(get_table(document, key, source=source), "sha", source=source)

    run_image = get_table(document, keys.run_image, source=source)
    return LifecycleMetadata(
        app=tuple(
            get_str(table, "sha", source=source)
            for table in get_tables(document, "app", source=source)
        ),
        sbom=sha("sbom"),
        buildpacks=tuple(
            _buildpack(table, keys, source)
            for table in get_tables(document, "buildpacks", source=source)
        ),
        config=sha("config"),
        launcher=sha("launcher"),
        process_types=sha("process-types"),
        run_image=RunImageRecord(
            get_str(run_image, keys.top_layer, source=source),
            get_str(run_image, "reference", source=source),
            get_str(run_image, "image", source=source),
            get_strs(run_image, "mirrors", source=source),
        ),
    )


def _buildpack(table: Mapping[str, object], keys: _Keys, source: str) -> StoredBuildpack:
    layers = get_table(table, "layers", source=source)
    store = get_table(table, "store", source=source)
    return StoredBuildpack(
        get_str(table, "key", source=source),
        get_str(table, "version", source=source),
        {name: _layer(get_table(layers, name, source=source), keys, source) for name in layers},
        Store.from_toml(store, source=source) if "store" in table else None,
    )


def _layer(table: Mapping[str, object], keys: _Keys, source: str) -> StoredLayer:
    return StoredLayer(
        get_str(table, "sha", source=source),
        LayerTypes(
            launch=get_bool(table, "launch", source=source),
            build=get_bool(table, "build", source=source),
            cache=get_bool(table, "cache", source=source),
        ),
        get_table(table, keys.metadata, source=source),
    )


def _without_nulls(document: Mapping[str, object]) -> Table:
    """Return the document without the nulls by which Go writes an absent list or table."""
    return {key: _clean(value) for key, value in document.items() if value is not None}


def _clean(value: object) -> object:
    if isinstance(value, dict):
        return _without_nulls(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return value
