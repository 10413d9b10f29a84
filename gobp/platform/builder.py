"""The build phase: run each buildpack of the group and gather what it left (cnb.md 2.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gobp.cnb import toml
from gobp.cnb.build import BuildToml
from gobp.cnb.build_metadata import BuildMetadata, ImageProcess
from gobp.cnb.buildpack import escape_id
from gobp.cnb.buildpack_plan import BuildpackPlan
from gobp.cnb.env import layer_directories
from gobp.cnb.exit_status import PASS
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes
from gobp.cnb.platform_files import Plan
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.platform import failure
from gobp.platform.buildpacks import Buildpack
from gobp.platform.detector import Detected
from gobp.platform.execution import Surroundings, run_build
from gobp.platform.failure import PhaseFailed
from gobp.platform.layers_dir import BuiltLayer, layer_environment, read_layers, read_toml
from gobp.platform.sbom_files import gather_sboms
from gobp.system.files import remove_tree


def build(detected: Detected, surroundings: Surroundings, log: BuildLog) -> BuildMetadata:
    """Run ``bin/build`` of every buildpack, in order, and return what they want of the image.

    Raises PhaseFailed with the lifecycle's status if one fails, and UserError if it leaves files
    that break the specification.
    """
    env: dict[str, str] = dict(surroundings.machine_env)
    plan = detected.plan
    launches: list[tuple[Buildpack, Launch]] = []
    for buildpack in detected.group:
        entries = plan.for_buildpack(buildpack.id)
        status = run_build(buildpack, surroundings, env, toml.dumps(entries.to_toml()), log)
        if status != PASS:
            raise _failed(buildpack, status)
        folder = surroundings.workspace.layers / escape_id(buildpack.id)
        env = _with_build_layers(_settle_layers(folder, buildpack.id), env)
        plan = _left_open(plan, entries, folder)
        launches.append((buildpack, _read_launch(buildpack, folder)))
    gather_sboms(surroundings.workspace.layers, detected.group)
    return merge(launches, log)


def merge(launches: Sequence[tuple[Buildpack, Launch]], log: BuildLog) -> BuildMetadata:
    """Put the launch files together: of two processes of one type the later counts.

    The last default wins; it is lost where a later buildpack replaces the process without making
    it the default. Processes are sorted by type, and none is marked as the default.
    """
    processes: dict[str, ImageProcess] = {}
    default = ""
    for buildpack, launch in launches:
        for process in launch.processes:
            if process.default:
                default = process.type
            elif process.type == default:
                default = ""
                log.warning(f"{buildpack} replaces the default process {process.type} by another")
            processes[process.type] = ImageProcess(replace(process, default=False), buildpack.id)
    return BuildMetadata(
        buildpacks=tuple(buildpack.member for buildpack, _ in launches),
        labels=tuple(label for _, launch in launches for label in launch.labels),
        processes=tuple(processes[name] for name in sorted(processes)),
        slices=tuple(part for _, launch in launches for part in launch.slices),
        default_process=default,
    )


def _settle_layers(folder: Path, buildpack: str) -> list[BuiltLayer]:
    """Put away layers of no type, and return the others in the order of their TOML files."""
    kept = []
    for layer in read_layers(folder.parent, buildpack):
        if not (folder / f"{layer.name}.toml").is_file():
            continue
        if layer.content.types != LayerTypes():
            kept.append(layer)
        elif layer.has_contents:
            ignored = folder / f"{layer.name}.ignore"
            remove_tree(ignored)
            layer.path.rename(ignored)
    return sorted(kept, key=lambda layer: f"{layer.name}.toml")


def _with_build_layers(layers: Sequence[BuiltLayer], env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that later buildpacks see."""
    result = dict(env)
    for layer in layers:
        if not layer.content.types.build or not layer.has_contents:
            continue
        folders = {path.name for path in layer.path.iterdir()}
        result = layer_directories(str(layer.path), folders, result, launch=False)
        result = layer_environment(layer.path).at_build(result)
    return result


def _left_open(plan: Plan, entries: BuildpackPlan, folder: Path) -> Plan:
    """Return what later buildpacks may still meet: all but what this one was asked for and met."""
    source = folder / "build.toml"
    unmet = BuildToml.from_toml(read_toml(source) or {}, source=str(source)).unmet
    asked = {entry.name for entry in entries.entries}
    for name in unmet:
        if name not in asked:
            raise UserError(
                f"{source} leaves {name!r} unmet, which was not asked for",
                remedy="name only entries of the Buildpack Plan in [[unmet]].",
            )
    return plan.without(asked - set(unmet))


def _read_launch(buildpack: Buildpack, folder: Path) -> Launch:
    source = folder / "launch.toml"
    document = read_toml(source)
    if document is None:
        return Launch()
    return Launch.from_toml(document, api=buildpack.descriptor.api, source=str(source))


def _failed(buildpack: Buildpack, status: int) -> PhaseFailed:
    return PhaseFailed(
        f"bin/build of {buildpack} failed with exit status {status} (build)",
        exit_status=failure.BUILDPACK_FAILED,
        remedy="read what it wrote above; with BP_LOG_LEVEL=DEBUG most buildpacks say more.",
    )
