"""Which programs the targets are, and what ``go build`` will name them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import capture_go
from gobp.buildpack.go_build.config import BuildConfig
from gobp.buildpack.go_build.names import known_programs
from gobp.errors import UserError
from gobp.golang.json_objects import json_objects
from gobp.golang.module import executable_name, executable_name_of_files

_FIELDS = "ImportPath,Name"
_PROGRAM = "main"
_FILES = "command-line-arguments"  # go's import path for targets that are files


@dataclass(frozen=True, slots=True)
class Package:
    """A package as ``go list`` names it."""

    import_path: str
    name: str


def list_binaries(
    context: BuildContext, config: BuildConfig, *, cwd: Path, env: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the names of the programs that the targets are, in their order. Raises UserError.

    ``go list`` gets the build's own flags, so that it sees the same files as the build.
    """
    targets = config.targets
    known = known_programs(context.facts, config, env)
    if known is not None:
        return binary_names([Package(path, _PROGRAM) for path in known], targets)
    argv = ("go", "list", "-find", f"-json={_FIELDS}", *config.flags, *targets)
    packages = parse_packages(capture_go(context, argv, cwd=cwd, env=env))
    return binary_names(packages, targets)


def parse_packages(output: str) -> tuple[Package, ...]:
    """Read what ``go list -json`` prints."""
    return tuple(Package(each["ImportPath"], each.get("Name", "")) for each in json_objects(output))


def binary_names(packages: Iterable[Package], targets: Sequence[str]) -> tuple[str, ...]:
    """Return the programs' names. Raises UserError where a target is none, or two are named alike.

    Packages that are no programs are left out only where a pattern among the targets may match
    them.
    """
    libraries_allowed = any("..." in target for target in targets)
    by_name: dict[str, str] = {}
    for package in packages:
        if package.name != _PROGRAM:
            if libraries_allowed:
                continue
            raise UserError(
                f"the target {package.import_path} is package {package.name}, not a program",
                remedy="name folders with package main in BP_GO_TARGETS.",
            )
        binary = _binary(package, targets)
        if binary in by_name:
            raise UserError(
                f"two targets give a program of the same name, {binary}",
                detail=f"{by_name[binary]}\n{package.import_path}",
                remedy="name one of them in BP_GO_TARGETS, or rename the folder of the other.",
            )
        by_name[binary] = package.import_path
    if not by_name:
        raise UserError(
            "the targets match no program: there is no package main among them",
            remedy="name folders with package main in BP_GO_TARGETS.",
        )
    return tuple(by_name)


def _binary(package: Package, targets: Sequence[str]) -> str:
    """Return what ``go build`` names a program."""
    if package.import_path == _FILES:
        return executable_name_of_files(tuple(targets))
    return executable_name(package.import_path)
