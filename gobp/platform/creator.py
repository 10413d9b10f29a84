"""All phases in turn: from an app's folder to its image."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gobp.cnb import toml
from gobp.cnb.build_metadata import BuildMetadata
from gobp.cnb.lifecycle_metadata import StoredLayer
from gobp.cnb.platform_files import GroupToml, Report
from gobp.cnb.project_descriptor import ProjectDescriptor
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.oci.blobs import BlobStore
from gobp.oci.image import Image, Platform
from gobp.oci.reference import Reference
from gobp.oci.registry import Registries
from gobp.platform import base, execution, image_layers
from gobp.platform.analyzer import Previous, analyze, find_previous
from gobp.platform.app_copy import AppStore, copy_app
from gobp.platform.base_layer import add_base
from gobp.platform.builder import build
from gobp.platform.buildpacks import BuildpackStore, load_buildpacks
from gobp.platform.cache import CachedLayer, LayerCache
from gobp.platform.detector import Detected, detect
from gobp.platform.execution import Surroundings
from gobp.platform.exporter import Export, Exported, export
from gobp.platform.image_output import write_image
from gobp.platform.launch_entry import LaunchEntry, direct_entry, launch_layers
from gobp.platform.layers_dir import read_layers, read_toml
from gobp.platform.lifecycle_launcher import PLATFORM_API, Launcher, find_launcher
from gobp.platform.programs import check_programs
from gobp.platform.relocation import files_with, image_relocation
from gobp.platform.repeat import Record, forget, remember
from gobp.platform.repeatable import begin, is_repeatable
from gobp.platform.request import BuildOutcome, BuildRequest
from gobp.platform.restorer import restore
from gobp.platform.run_image import RunImage, find_run_image
from gobp.platform.snapshot import Snapshot
from gobp.platform.workspace import (
    Workspace,
    cache_root,
    check_app,
    locked,
    own_places,
    prepare,
    write_platform,
)
from gobp.system.machine import machine_architecture
from gobp.system.process import Commands

_WARNED_FILES = 10  # files with a private path that a warning names


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all phases of one build share."""

    request: BuildRequest
    reference: Reference
    buildpacks: BuildpackStore
    launcher: Launcher | None
    workspace: Workspace
    registries: Registries
    cache: LayerCache
    root: Path
    log: BuildLog
    durations: dict[str, float] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        """Return what the image is for."""
        architecture = self.request.architecture or machine_architecture()
        return Platform(self.request.os, architecture)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Announce a phase and measure it."""
        self.log.title(f"===> {name}")
        start = time.monotonic()
        yield
        self.durations[name.lower()] = time.monotonic() - start


def create(
    request: BuildRequest, *, log: BuildLog, commands: Commands, environ: Mapping[str, str]
) -> BuildOutcome:
    """Build an app's image.

    ``environ`` is this process's environment, of which buildpacks see what the specification
    keeps, and registries their credentials. Raises PhaseFailed where a phase fails, UserError on
    a wrong request. A build of the same image at the same time is waited for.
    """
    reference = Reference.parse(request.image)
    if request.output is None and not request.publish:
        raise UserError(
            f"the image {reference} is to go nowhere",
            remedy="name an output (a folder, or a file *.tar), or publish it.",
        )
    check_app(request.app)
    buildpacks = load_buildpacks(request.buildpacks)
    launcher = find_launcher(request.launcher) if request.launcher else None
    root = cache_root(request.cache_dir.resolve(), reference.name)
    with locked(root, log):
        setting = _Setting(
            request,
            reference,
            buildpacks,
            launcher,
            Workspace(root / "work"),
            Registries(environ),
            LayerCache(root),
            root,
            log,
        )
        try:
            return _create(setting, commands, environ)
        finally:
            setting.workspace.remove_inputs()


def _create(setting: _Setting, commands: Commands, environ: Mapping[str, str]) -> BuildOutcome:
    request, workspace, log = setting.request, setting.workspace, setting.log
    if request.clear_cache:
        setting.cache.clear()
    forget(setting.root)
    record = begin(request, setting.buildpacks, setting.platform.architecture, environ, log)
    project = _project(request.app)
    prepare(workspace)
    app = _copy_app(setting, project)
    with setting.phase("ANALYZING"):
        previous = _previous(setting)
        run_image = _run_image(setting, previous, record)
        target = run_image.target(execution.host_target(request.os, setting.platform.architecture))
        _write(workspace, "analyzed.toml", analyze(previous, run_image, target).to_toml())
    user_env = _user_env(run_image, {**project.env, **request.env})
    write_platform(workspace, user_env, request.bindings)
    machine_env = execution.kept_environment(environ, workspace.home)
    surroundings = Surroundings(workspace, target, machine_env, user_env, commands)
    with setting.phase("DETECTING"):
        detected = detect(setting.buildpacks, surroundings, log)
        members = GroupToml(tuple(buildpack.member for buildpack in detected.group))
        _write(workspace, "group.toml", members.to_toml())
        _write(workspace, "plan.toml", detected.plan.to_toml())
        for buildpack in detected.group:
            log.title(str(buildpack))
    with setting.phase("RESTORING"):
        restore(detected.group, previous, setting.cache, workspace, log)
    with setting.phase("BUILDING"):
        metadata = _build(setting, detected, surroundings)
    with setting.phase("EXPORTING"):
        request_ = Export(workspace, detected.group, metadata, run_image, previous)
        entry = _entry(setting, request_)
        exported = export(request_, setting.launcher, entry, log)
        digest, where = _put(setting, exported.image)
    with setting.phase("CACHING"):
        setting.cache.commit(workspace.layers, _cached(setting, detected, exported))
    outcome = BuildOutcome(
        str(setting.reference),
        digest,
        where,
        metadata.processes,
        metadata.default_process,
        exported.reused,
        entry.left_out,
        setting.durations,
        workspace.layers,
    )
    if record is not None and is_repeatable(setting.buildpacks, detected.group, workspace):
        remember(setting.root, record, app, outcome, request.output)
    return outcome


def _copy_app(setting: _Setting, project: ProjectDescriptor) -> Snapshot:
    """Copy the app into its place and return how it looked."""
    request = setting.request
    made_here = [request.cache_dir, *([request.output] if request.output else [])]
    own = own_places(request.app, made_here)
    store = AppStore(setting.root / "app")
    place = setting.workspace.app
    return copy_app(request.app, place, store, lambda path: path not in own, project.keeps)


def _project(app: Path) -> ProjectDescriptor:
    source = app / "project.toml"
    return ProjectDescriptor.from_toml(read_toml(source) or {}, source=str(source))


def _previous(setting: _Setting) -> Previous:
    """Return the image of the last build: the one named, else the one at the output."""
    request = setting.request
    name = request.previous_image
    if not name and request.output is not None:
        name = str(request.output.absolute())
    previous = find_previous(
        name or str(setting.reference), setting.platform, setting.registries, setting.log
    )
    if previous.image is None:
        setting.log.process("No previous image")
    return previous


def _run_image(setting: _Setting, previous: Previous, record: Record | None) -> RunImage:
    """Return the run image the user named, else the embedded one.

    ``record`` is of what the build depends on: of what the embedded one is made of too.
    """
    request, platform = setting.request, setting.platform
    if request.run_image:
        return find_run_image(request.run_image, platform, setting.registries)
    roots = [each.root for each in setting.buildpacks.buildpacks]
    stack = image_layers.LayerStack(
        BlobStore(setting.workspace.blobs), image_layers.layers_by_diff_id(previous.image)
    )
    facts = str(record["facts"]) if record else ""
    add_base(stack, setting.root, platform.architecture, roots, facts)
    config = replace(base.base_config(platform), history=tuple(stack.history))
    return RunImage(Image.of(config, stack.layers), base.NAME, embedded=True)


def _user_env(run_image: RunImage, env: Mapping[str, str]) -> dict[str, str]:
    """Return the user's variables; the embedded base has no libc, so cgo is off by default."""
    return {"CGO_ENABLED": "0", **env} if run_image.embedded else dict(env)


def _build(setting: _Setting, detected: Detected, surroundings: Surroundings) -> BuildMetadata:
    """Run the buildpacks, and write config/metadata.toml for the launcher."""
    workspace = setting.workspace
    metadata = build(detected, surroundings, setting.log)
    metadata = image_relocation(workspace).metadata(metadata)
    api = setting.launcher.platform_api if setting.launcher else PLATFORM_API
    folder = workspace.layers / "config"
    folder.mkdir()
    (folder / "metadata.toml").write_text(metadata.to_text(api), encoding="utf-8")
    _warn_of_private_paths(setting, detected)
    return metadata


def _warn_of_private_paths(setting: _Setting, detected: Detected) -> None:
    """Name the files of the image that hold a path of the build."""
    workspace = setting.workspace
    folders = [workspace.app]
    for buildpack in detected.group:
        layers = read_layers(workspace.layers, buildpack.id)
        folders += [layer.path for layer in layers if layer.content.types.launch]
    files = (
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.relative_to(folder).parts[0] not in {"env", "env.launch", "env.build"}
    )
    found = files_with(str(workspace.root), files)
    relocation = image_relocation(workspace)
    for path in found[:_WARNED_FILES]:
        setting.log.warning(
            f"{relocation.text(str(path))} holds the path of its build, {workspace.root}, "
            "and may not find its files in the image"
        )
    if len(found) > _WARNED_FILES:
        setting.log.warning(f"so do {len(found) - _WARNED_FILES} other files")


def _entry(setting: _Setting, export_: Export) -> LaunchEntry:
    """Return how the image starts without a launcher, after a look at its programs."""
    layers = launch_layers(export_.workspace, export_.group, export_.previous)
    if export_.run_image.embedded:
        architecture = setting.platform.architecture
        for text in check_programs(export_.metadata, layers, export_.workspace, architecture):
            setting.log.warning(text)
    if setting.launcher is not None:
        return LaunchEntry()
    env = export_.run_image.image.config.config.env
    entry = direct_entry(export_.workspace, export_.metadata, layers, env)
    for text in entry.left_out:
        setting.log.warning(f"{text} (see --launcher)")
    return entry


def _put(setting: _Setting, image: Image) -> tuple[str, tuple[str, ...]]:
    """Write and publish the image, and report.toml; return the digest and where it went."""
    request, where = setting.request, []
    digest = ""
    if request.output is not None:
        digest = write_image(request.output, image, setting.reference)
        where.append(str(request.output))
    if request.publish:
        digest = setting.registries.push(setting.reference, image)
        where.append(str(setting.reference))
    report = Report(
        (str(setting.reference),), digest=digest, manifest_size=len(image.manifest.to_json())
    )
    _write(setting.workspace, "report.toml", report.to_toml())
    return digest, tuple(where)


def _cached(setting: _Setting, detected: Detected, exported: Exported) -> list[CachedLayer]:
    """Return the layers for the cache, with the digest of those that are in the image too."""
    found = []
    for buildpack in detected.group:
        in_image = exported.label.buildpack(buildpack.id).layers
        for layer in read_layers(setting.workspace.layers, buildpack.id):
            if not layer.content.types.cache:
                continue
            if not layer.has_contents:
                setting.log.warning(f"the layer {layer} is not cached: it has no content")
                continue
            sha = in_image[layer.name].sha if layer.name in in_image else ""
            found.append(
                CachedLayer(
                    layer.buildpack,
                    layer.name,
                    StoredLayer(sha, layer.content.types, layer.content.metadata),
                )
            )
    return found


def _write(workspace: Workspace, name: str, document: Mapping[str, object]) -> None:
    (workspace.layers / name).write_text(toml.dumps(document), encoding="utf-8")
