"""Starting the default process without a launcher: entrypoint and environment in the config."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb.build_metadata import BuildMetadata
from gobp.cnb.buildpack import escape_id
from gobp.cnb.env import layer_directories
from gobp.cnb.launch import Process
from gobp.oci.image import Layer
from gobp.platform.analyzer import Previous
from gobp.platform.buildpacks import Buildpack
from gobp.platform.failure import EXPORT_ERROR, PhaseFailed
from gobp.platform.layers_dir import layer_environment, read_layers
from gobp.platform.relocation import Relocation, image_relocation
from gobp.platform.unpack import unpack
from gobp.platform.workspace import IMAGE_APP, IMAGE_LAYERS, Workspace


@dataclass(frozen=True, slots=True)
class LaunchEntry:
    """The entrypoint, the whole environment as ``NAME=value`` and the working directory.

    ``left_out`` says what of the buildpacks' wishes only a launcher could fulfil.
    """

    entrypoint: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    working_directory: str = IMAGE_APP
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchLayer:
    """A launch layer: where it is in the image and where its content is on this machine."""

    target: str
    folder: Path


def launch_layers(
    workspace: Workspace, group: Sequence[Buildpack], previous: Previous
) -> list[list[LaunchLayer]]:
    """Return the launch layers of each buildpack, in launch order.

    Those that are reused without content are unpacked from the previous image.
    """
    found = [
        [
            LaunchLayer(
                f"{IMAGE_LAYERS}/{escape_id(buildpack.id)}/{layer.name}",
                layer.path
                if layer.has_contents
                else _unpacked(layer.name, buildpack, workspace, previous),
            )
            for layer in read_layers(workspace.layers, buildpack.id)
            if layer.content.types.launch
        ]
        for buildpack in group
    ]
    # The export says what is wrong where a layer is neither here nor in the previous image.
    return [[layer for layer in layers if layer.folder.is_dir()] for layers in found]


def _unpacked(name: str, buildpack: Buildpack, workspace: Workspace, previous: Previous) -> Path:
    known = previous.metadata.buildpack(buildpack.id).layers.get(name)
    layers: list[Layer] = []
    if known is not None and previous.image is not None:
        layers = [layer for layer in previous.image.layers if layer.diff_id == known.sha]
    target = workspace.root / "reused"
    target.mkdir(exist_ok=True)
    unpack(layers, target)
    return target / "layers" / escape_id(buildpack.id) / name


def launch_environment(
    layers: Sequence[Sequence[LaunchLayer]],
    process_type: str,
    env: Mapping[str, str],
    relocation: Relocation,
) -> dict[str, str]:
    """Return the environment of a process as the launcher makes it (cnb.md 2.8).

    By buildpack: first the folders of all its layers, then their ``env`` files.
    """
    result = dict(env)
    for of_buildpack in layers:
        for layer in of_buildpack:
            present = {path.name for path in layer.folder.iterdir()}
            result = layer_directories(layer.target, present, result, launch=True)
        for layer in of_buildpack:
            result = layer_environment(layer.folder).at_launch(result, process_type)
    return {name: relocation.text(value) for name, value in result.items()}


def direct_entry(
    workspace: Workspace,
    metadata: BuildMetadata,
    layers: Sequence[Sequence[LaunchLayer]],
    base_env: Sequence[str],
) -> LaunchEntry:
    """Return how the default process is started by itself.

    Where no process is the default and there is but one, it is meant. Raises PhaseFailed if the
    process needs a shell, which only the launcher sets up.
    """
    processes = {each.process.type: each.process for each in metadata.processes}
    default = metadata.default_process
    if not default and len(processes) == 1:
        default = next(iter(processes))
    left_out = [*_not_started(processes, default), *_exec_d(layers)]
    env = dict(text.partition("=")[::2] for text in base_env)
    env = launch_environment(layers, default, env, image_relocation(workspace))
    process = processes.get(default)
    if process is None:
        return LaunchEntry((), _texts(env), IMAGE_APP, tuple(left_out))
    if not process.direct:
        raise PhaseFailed(
            f"the default process {default} runs in a shell, which needs a launcher (export)",
            exit_status=EXPORT_ERROR,
            detail=f"its command is {' '.join(process.command)}",
            remedy="give the launcher of a CNB lifecycle with --launcher, "
            "or a command that needs no shell.",
        )
    entrypoint = (_from_app(process.command[0]), *process.command[1:], *process.args)
    directory = process.working_directory or IMAGE_APP
    return LaunchEntry(entrypoint, _texts(env), directory, tuple(left_out))


def _from_app(command: str) -> str:
    """Return a command as it is found from the app's folder, whatever the working directory."""
    return posixpath.join(IMAGE_APP, posixpath.normpath(command)) if "/" in command else command


def _texts(env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in env.items())


def _not_started(processes: Mapping[str, Process], default: str) -> Iterator[str]:
    chosen = processes.get(default)
    names = [
        name
        for name, process in processes.items()
        if chosen is None or process.command != chosen.command or process.args != chosen.args
    ]
    if names:
        others = ", ".join(names)
        yield f"without a launcher the image starts only its default process, not {others}"


def _exec_d(layers: Sequence[Sequence[LaunchLayer]]) -> Iterator[str]:
    for layer in (layer for of_buildpack in layers for layer in of_buildpack):
        if (layer.folder / "exec.d").is_dir():
            yield f"programs in {layer.target}/exec.d are not run: that needs a launcher"
