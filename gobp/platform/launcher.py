"""Running a process of a built image on this machine, without a container (cnb.md 2.8)."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb import labels, toml
from gobp.cnb.build_metadata import BuildMetadata
from gobp.cnb.buildpack import escape_id
from gobp.cnb.env import layer_directories
from gobp.cnb.exec_d import FILE_DESCRIPTOR, ExecDOutput
from gobp.cnb.launch import Process
from gobp.cnb.lifecycle_metadata import LifecycleMetadata
from gobp.oci.archive import read_archive
from gobp.oci.digest import sha256_of
from gobp.oci.image import Image, Layer, Platform
from gobp.oci.layout import read_layout
from gobp.platform.failure import LAUNCH_ERROR, PhaseFailed
from gobp.platform.layers_dir import layer_environment
from gobp.platform.unpack import unpack
from gobp.system.files import remove_tree
from gobp.system.machine import machine_architecture

_OWN_VARIABLES = frozenset(
    {"CNB_LAYERS_DIR", "CNB_APP_DIR", "CNB_PROCESS_TYPE", "CNB_PLATFORM_API"}
    | {"CNB_DEPRECATION_MODE"}
)
_IMAGE_PATH = re.compile(r"(?<![\w./-])(?=/(?:layers|workspace)(?:[/:\"'\s]|$))")
_ROOT_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Launch:
    """A process, ready to be executed; ``directory`` is where it runs."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    directory: Path


def run(
    image: Path, process_type: str, arguments: Sequence[str], env: Mapping[str, str], cache: Path
) -> None:
    """Become a process of an image: this function does not return.

    ``image`` is a layout's folder or an archive, ``process_type`` "" for the default,
    ``arguments`` replace the process's own where there are some, ``cache`` is where the image is
    unpacked. Raises PhaseFailed if there is no such process or it cannot start.
    """
    root, metadata = open_image(image, cache)
    launch = prepare_launch(root, metadata, process_type, arguments, env)
    program = _find_program(launch, root)
    os.chdir(launch.directory)
    os.execve(program, list(launch.argv), dict(launch.env))  # noqa: S606 # that is the point


def open_image(image: Path, cache: Path) -> tuple[Path, BuildMetadata]:
    """Unpack an image, unless it has been, and return where and what its label says.

    Raises UserError on what is no image of buildpacks, or one for another machine.
    """
    here = Platform("linux", machine_architecture())
    read = (
        read_layout(image, platform=here) if image.is_dir() else read_archive(image, platform=here)
    )
    container = read.config.config
    if labels.BUILD_METADATA not in container.labels:
        raise _cannot_launch(f"{image} was not made by buildpacks", "build it with gobp build.")
    metadata = _build_metadata(container.labels[labels.BUILD_METADATA], str(image))
    return _unpacked(read, cache), metadata


def prepare_launch(
    root: Path,
    metadata: BuildMetadata,
    process_type: str,
    arguments: Sequence[str],
    env: Mapping[str, str],
) -> Launch:
    """Return what is executed for a process of an image that is unpacked at ``root``.

    Programs in exec.d are run; for them the app becomes the working folder of this process.
    Raises PhaseFailed if there is no such process.
    """
    process = _process(metadata, process_type or metadata.default_process)
    variables = {name: value for name, value in env.items() if name not in _OWN_VARIABLES}
    variables.setdefault("PATH", _ROOT_PATH)
    groups = [_layers(root / "layers" / escape_id(each.id)) for each in metadata.buildpacks]
    for layers in groups:
        variables = _with_layers(layers, process.type, variables, root)
    for folder in (folder for layers in groups for folder in layers):
        for program in _exec_d(folder, process.type):
            variables |= _run_exec_d(program, variables, root / "workspace")
    return Launch(
        tuple(_led_to(root, part) for part in _argv(process, arguments)),
        variables,
        Path(_led_to(root, process.working_directory or "/workspace")),
    )


def _build_metadata(label: str, source: str) -> BuildMetadata:
    """Read the label; it differs from metadata.toml in one key and in nulls."""
    try:
        document = json.loads(label)
        processes = [
            {name: value for name, value in each.items() if value is not None}
            | {"buildpack-id": each.get("buildpackID", "")}
            for each in document.get("processes") or []
        ]
    except (ValueError, AttributeError, TypeError) as error:
        raise _cannot_launch(
            f"the label {labels.BUILD_METADATA} of {source} cannot be read: {error}",
            "build the image again.",
        ) from error
    return BuildMetadata.from_toml({**document, "processes": processes}, source=source)


def _unpacked(image: Image, cache: Path) -> Path:
    """Return the folder with ``layers`` and ``workspace`` of an image, made once."""
    digest = sha256_of(image.manifest.to_json()).removeprefix("sha256:")
    target = cache / "run" / digest
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    try:
        # Links lead to the final place, so that is where the content must be when they are used.
        unpack(_app_layers(image), temporary, links_to=target)
        temporary.rename(target)
    finally:
        remove_tree(temporary)
    return target


def _app_layers(image: Image) -> tuple[Layer, ...]:
    """Return the layers on top of the run image."""
    text = image.config.config.labels.get(labels.LIFECYCLE_METADATA, "{}")
    run_image = LifecycleMetadata.from_json(json.loads(text), source="a label").run_image
    tops = [
        number
        for number, layer in enumerate(image.layers, start=1)
        if layer.diff_id == run_image.top_layer
    ]
    return image.layers[tops[-1] if tops else 0 :]


def _layers(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _with_layers(
    layers: Sequence[Path], process_type: str, env: Mapping[str, str], root: Path
) -> dict[str, str]:
    """Return the environment with a buildpack's layers: first their folders, then their files."""
    result = dict(env)
    for folder in layers:
        present = {path.name for path in folder.iterdir()}
        result = layer_directories(str(folder), present, result, launch=True)
    for folder in layers:
        changed = layer_environment(folder).at_launch(result, process_type)
        result = {
            name: value if value == result.get(name) else _led_to(root, value)
            for name, value in changed.items()
        }
    return result


def _led_to(root: Path, text: str) -> str:
    """Return a text whose paths in the image lead to where it is unpacked."""
    return _IMAGE_PATH.sub(str(root).replace("\\", r"\\"), text)


def _process(metadata: BuildMetadata, process_type: str) -> Process:
    for each in metadata.processes:
        if each.process.type == process_type:
            return each.process
    known = ", ".join(each.process.type for each in metadata.processes)
    raise _cannot_launch(
        f"the image has no process {process_type!r}" if process_type else "no process is named",
        f"name one of its processes: {known or 'it has none'}.",
    )


def _argv(process: Process, arguments: Sequence[str]) -> tuple[str, ...]:
    args = tuple(arguments) or process.args
    if process.direct:
        return (*process.command, *args)
    return ("bash", "-c", process.command[0], process.type, *args)


def _exec_d(layer: Path, process_type: str) -> Iterator[Path]:
    for folder in (layer / "exec.d", layer / "exec.d" / process_type):
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if path.is_file())


def _run_exec_d(program: Path, env: Mapping[str, str], app: Path) -> Mapping[str, str]:
    """Run a program of exec.d in the app's folder and return the variables it asks for."""
    read_end, write_end = os.pipe()
    os.chdir(app)
    actions = [(os.POSIX_SPAWN_DUP2, write_end, FILE_DESCRIPTOR)]
    try:
        child = os.posix_spawn(program, [str(program)], dict(env), file_actions=actions)
    finally:
        os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8") as output:
        text = output.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0:
        raise _cannot_launch(
            f"{program} failed with exit status {status}", "read what it wrote above."
        )
    source = f"the output of {program}"
    return ExecDOutput.from_toml(toml.loads(text, source=source), source=source).variables


def _find_program(launch: Launch, root: Path) -> str:
    """Return the program's path as the launcher finds it: from the app's folder and PATH."""
    os.chdir(root / "workspace")
    program = shutil.which(launch.argv[0], path=launch.env["PATH"])
    if program is None:
        raise _cannot_launch(
            f"the program {launch.argv[0]} is neither in the image nor on the PATH",
            "build the image again, or start another process.",
        )
    return str(Path(program).absolute())


def _cannot_launch(problem: str, remedy: str) -> PhaseFailed:
    return PhaseFailed(f"{problem} (launch)", exit_status=LAUNCH_ERROR, remedy=remedy)
