"""Whether the programs that an image starts can run on the embedded base image."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from gobp.cnb.build_metadata import BuildMetadata
from gobp.cnb.launch import Process
from gobp.platform.base import LOADERS
from gobp.platform.elf import elf_needs
from gobp.platform.failure import EXPORT_ERROR, PhaseFailed
from gobp.platform.launch_entry import LaunchLayer
from gobp.platform.workspace import IMAGE_APP, Workspace

_REMEDY = "name an image that has it with --run-image, or build with CGO_ENABLED=0."


def check_programs(
    metadata: BuildMetadata,
    layers: Sequence[Sequence[LaunchLayer]],
    workspace: Workspace,
    architecture: str,
) -> list[str]:
    """Return a warning for each process that is a script or is not found.

    Raises PhaseFailed on a program that needs a library or a loader that the embedded base image
    does not have, or that is for another architecture.
    """
    warnings = []
    for each in metadata.processes:
        program = _find(each.process, layers, workspace)
        if program is None:
            warnings.append(
                f"the process {each.process.type} starts {each.process.command[0]}, "
                "which is in no launch layer and not in the embedded base image"
            )
        else:
            warnings.extend(_check(each.process.type, program, architecture))
    return warnings


def _find(
    process: Process, layers: Sequence[Sequence[LaunchLayer]], workspace: Workspace
) -> Path | None:
    """Return where the program of a process is on this machine; None where it is not found."""
    command = process.command[0]
    places = [(IMAGE_APP, workspace.app)]
    places += [(layer.target, layer.folder) for group in layers for layer in group]
    if "/" in command:
        wanted = PurePosixPath(IMAGE_APP, command)
        found = (
            folder / wanted.relative_to(target)
            for target, folder in places
            if wanted.is_relative_to(target)
        )
    else:
        found = (folder / "bin" / command for _, folder in reversed(places))
    return next((path for path in found if path.is_file()), None)


def _check(name: str, program: Path, architecture: str) -> Iterator[str]:
    needs = elf_needs(program)
    if needs is None:
        with program.open("rb") as file:
            first = file.readline(256).decode("utf-8", "replace").strip()
        if first.startswith("#!"):
            yield (
                f"the process {name} is a script for {first.removeprefix('#!').strip()}, "
                "which the embedded base image does not have"
            )
        return
    if needs.machine != architecture:
        raise _cannot_run(
            f"{name} is a program for {needs.machine}, the image is for {architecture}",
            "build for the architecture of the image (GOARCH).",
        )
    if needs.libraries:
        libraries = ", ".join(needs.libraries)
        raise _cannot_run(f"{name} needs {libraries}, which the embedded base lacks", _REMEDY)
    if needs.interpreter not in {"", LOADERS.get(architecture)}:
        raise _cannot_run(
            f"{name} needs the loader {needs.interpreter}, which the embedded base lacks", _REMEDY
        )


def _cannot_run(problem: str, remedy: str) -> PhaseFailed:
    return PhaseFailed(f"the process {problem} (export)", exit_status=EXPORT_ERROR, remedy=remedy)
