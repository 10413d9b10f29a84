"""The export phase: from layers and app to an image (cnb.md 2.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gobp.cnb import labels
from gobp.cnb.build_metadata import BuildMetadata
from gobp.cnb.buildpack import escape_id
from gobp.cnb.lifecycle_metadata import (
    LifecycleMetadata,
    RunImageRecord,
    StoredBuildpack,
    StoredLayer,
)
from gobp.cnb.store import Store
from gobp.log import BuildLog
from gobp.oci.blobs import BlobStore
from gobp.oci.image import CREATED, ContainerConfig, Image
from gobp.platform import image_layers
from gobp.platform.analyzer import Previous
from gobp.platform.buildpacks import Buildpack
from gobp.platform.execution import EXECUTION_ENVIRONMENT
from gobp.platform.failure import EXPORT_ERROR, PhaseFailed
from gobp.platform.image_layers import LayerStack
from gobp.platform.launch_entry import LaunchEntry
from gobp.platform.layers_dir import BuiltLayer, read_layers, read_toml
from gobp.platform.lifecycle_launcher import PLATFORM_API, Launcher
from gobp.platform.relocation import Relocation, image_relocation
from gobp.platform.run_image import RunImage
from gobp.platform.workspace import IMAGE_APP, IMAGE_LAYERS, Workspace

LAUNCHER_LABEL = "gobp.launcher"
"""Tells what starts processes: "none" where the image's entrypoint is the process itself."""


@dataclass(frozen=True, slots=True)
class Export:
    """What an export is made of; ``metadata`` names the image's paths already."""

    workspace: Workspace
    group: tuple[Buildpack, ...]
    metadata: BuildMetadata
    run_image: RunImage
    previous: Previous


@dataclass(frozen=True, slots=True)
class Exported:
    """The image, the names of its layers that the previous image had, and the layers' diffIDs."""

    image: Image
    reused: tuple[str, ...]
    label: LifecycleMetadata


def export(
    export_: Export, launcher: Launcher | None, entry: LaunchEntry, log: BuildLog
) -> Exported:
    """Put the image together.

    ``launcher`` starts its processes; without one ``entry`` is the image's entrypoint and
    environment. Raises PhaseFailed on a layer that can neither be made nor reused.
    """
    previous = image_layers.layers_by_diff_id(export_.previous.image)
    stack = LayerStack(BlobStore(export_.workspace.blobs), previous)
    relocation = image_relocation(export_.workspace)
    buildpacks = tuple(_add_buildpack(each, export_, stack, relocation) for each in export_.group)
    label = LifecycleMetadata(
        buildpacks=buildpacks,
        sbom=_add_sboms(export_.workspace, stack, relocation),
        app=_add_app(export_, stack, relocation),
        run_image=_run_image_record(export_.run_image),
    )
    if launcher is not None:
        label = _add_launcher(launcher, export_, stack, label)
    run = export_.run_image.image
    history = (*run.config.history, *stack.history)
    container = _container(export_, launcher, entry, label)
    config = replace(
        run.config,
        created=CREATED,
        config=container,
        history=tuple(replace(each, created=CREATED) for each in history),
    )
    for name in stack.reused:
        log.subprocess(f"Reusing layer {name}")
    image = Image.of(config, (*run.layers, *stack.layers))
    return Exported(image, tuple(stack.reused), label)


def _add_buildpack(
    buildpack: Buildpack, export_: Export, stack: LayerStack, relocation: Relocation
) -> StoredBuildpack:
    layers = {
        layer.name: _add_layer(layer, buildpack, export_.previous, stack, relocation)
        for layer in read_layers(export_.workspace.layers, buildpack.id)
        if layer.content.types.launch
    }
    source = export_.workspace.layers / escape_id(buildpack.id) / "store.toml"
    document = read_toml(source)
    store = None
    if document is not None:
        values = relocation.table(Store.from_toml(document, source=str(source)).metadata)
        store = Store(values)
    return StoredBuildpack(buildpack.id, buildpack.descriptor.version, layers, store)


def _add_layer(
    layer: BuiltLayer,
    buildpack: Buildpack,
    previous: Previous,
    stack: LayerStack,
    relocation: Relocation,
) -> StoredLayer:
    created_by = f"Layer: '{layer.name}', Created by buildpack: {buildpack}"
    metadata = relocation.table(layer.content.metadata)
    if layer.has_contents:
        target = f"{IMAGE_LAYERS}/{escape_id(buildpack.id)}/{layer.name}"
        sha = stack.add(
            str(layer),
            created_by,
            lambda: image_layers.folder_entries(layer.path, target, relocation),
        )
        return StoredLayer(sha, layer.content.types, metadata)
    known = previous.metadata.buildpack(buildpack.id).layers.get(layer.name)
    if layer.content.types.cache:
        raise _no_content(layer, "it is for the cache too, so its content must be there")
    if known is None or known.sha not in stack.previous:
        raise _no_content(layer, "the previous image has no such layer to reuse")
    return StoredLayer(
        stack.reuse(str(layer), created_by, known.sha), layer.content.types, metadata
    )


def _no_content(layer: BuiltLayer, reason: str) -> PhaseFailed:
    return PhaseFailed(
        f"the launch layer {layer} has no content: {reason} (export)",
        exit_status=EXPORT_ERROR,
        remedy="build again with --clear-cache; if it stays so, report it to the buildpack.",
    )


def _add_sboms(workspace: Workspace, stack: LayerStack, relocation: Relocation) -> str:
    folder = workspace.layers / "sbom" / "launch"
    return stack.add(
        "SBOM",
        image_layers.SBOM_CREATED_BY,
        lambda: image_layers.folder_entries(
            folder, f"{IMAGE_LAYERS}/sbom/launch", relocation, texts=("",)
        ),
    )


def _add_app(export_: Export, stack: LayerStack, relocation: Relocation) -> tuple[str, ...]:
    slices = [part.paths for part in export_.metadata.slices]
    parts = image_layers.app_slices(export_.workspace.app, slices, relocation)
    return tuple(stack.add(created_by, created_by, entries) for created_by, entries in parts)


def _add_launcher(
    launcher: Launcher, export_: Export, stack: LayerStack, label: LifecycleMetadata
) -> LifecycleMetadata:
    """Add the launcher's three layers; the last is missing where there are no processes."""
    program = stack.add(
        "launcher",
        image_layers.LAUNCHER_CREATED_BY,
        lambda: image_layers.launcher_entries(launcher.path),
    )
    config = export_.workspace.layers / "config"
    config_sha = stack.add(
        "config",
        image_layers.CONFIG_CREATED_BY,
        lambda: image_layers.folder_entries(config, f"{IMAGE_LAYERS}/config", Relocation(())),
    )
    types = [each.process.type for each in export_.metadata.processes]
    processes = ""
    if types:
        processes = stack.add(
            "process types",
            image_layers.PROCESSES_CREATED_BY,
            lambda: image_layers.process_type_entries(types),
        )
    return replace(label, launcher=program, config=config_sha, process_types=processes)


def _run_image_record(run_image: RunImage) -> RunImageRecord:
    layers = run_image.image.layers
    top = layers[-1].diff_id if layers else ""
    return RunImageRecord(top, run_image.reference, run_image.name)


def _container(
    export_: Export, launcher: Launcher | None, entry: LaunchEntry, label: LifecycleMetadata
) -> ContainerConfig:
    """Return the container configuration: the run image's with what the app needs."""
    base = export_.run_image.image.config.config
    if launcher is None:
        env, entrypoint, working_dir = entry.env, entry.entrypoint, entry.working_directory
    else:
        env = _launcher_env(base.env, launcher.platform_api)
        default = export_.metadata.default_process
        process = f"{image_layers.PROCESS_DIR}/{default}"
        entrypoint = (process if default else image_layers.LAUNCHER,)
        working_dir = IMAGE_APP
    return replace(
        base,
        env=env,
        entrypoint=entrypoint,
        cmd=(),
        working_dir=working_dir,
        labels={**base.labels, **_labels(export_.metadata, launcher, label)},
    )


def _launcher_env(env: Sequence[str], platform_api: str) -> tuple[str, ...]:
    """Return ``NAME=value`` texts with those by which the launcher finds its way."""
    variables = dict(text.partition("=")[::2] for text in env)
    variables |= {
        "CNB_LAYERS_DIR": IMAGE_LAYERS,
        "CNB_APP_DIR": IMAGE_APP,
        "CNB_PLATFORM_API": platform_api,
        "CNB_DEPRECATION_MODE": "quiet",
    }
    lifecycle = image_layers.LAUNCHER.rpartition("/")[0]
    variables["PATH"] = f"{image_layers.PROCESS_DIR}:{lifecycle}:{variables.get('PATH', '')}"
    return tuple(f"{name}={value}" for name, value in variables.items())


def _labels(
    metadata: BuildMetadata, launcher: Launcher | None, label: LifecycleMetadata
) -> Mapping[str, str]:
    version = launcher.version if launcher else ""
    api = launcher.platform_api if launcher else PLATFORM_API
    own = {
        labels.LIFECYCLE_METADATA: labels.to_json(label.to_json()),
        labels.BUILD_METADATA: metadata.to_label(launcher_version=version, platform_api=api),
        labels.PROJECT_METADATA: "{}",
        **{each.key: each.value for each in metadata.labels},
    }
    if api == PLATFORM_API:
        own[labels.EXEC_ENV] = EXECUTION_ENVIRONMENT
    return own if launcher else {**own, LAUNCHER_LABEL: "none"}
