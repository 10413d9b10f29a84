"""Which programs the targets are, and what ``go build`` will name them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_command import capture_go
from gobp.errors import UserError
from gobp.golang.module import executable_name

_FIELDS = "ImportPath,Name,GoFiles,CgoFiles"


@dataclass(frozen=True, slots=True)
class Package:
    """A package as ``go list`` names it; ``first_file`` is its first source file."""

    import_path: str
    name: str
    first_file: str

    @property
    def binary(self) -> str:
        """The name that ``go build`` gives the program."""
        if self.import_path == "command-line-arguments":  # targets that are files
            return self.first_file.removesuffix(".go")
        return executable_name(self.import_path)


def list_binaries(
    context: BuildContext,
    targets: Sequence[str],
    flags: Iterable[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
) -> tuple[str, ...]:
    """Return the names of the programs that the targets are, in their order. Raises UserError.

    ``go list`` gets the build's own flags, so that it sees the same files as the build.
    """
    argv = ("go", "list", "-find", f"-json={_FIELDS}", *flags, *targets)
    packages = parse_packages(capture_go(context, argv, cwd=cwd, env=env))
    patterns = any("..." in target for target in targets)
    return binary_names(packages, libraries_allowed=patterns)


def parse_packages(output: str) -> tuple[Package, ...]:
    """Read what ``go list -json`` prints: JSON objects one after the other."""
    decoder = json.JSONDecoder()
    packages = []
    rest = output.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        files = [*document.get("GoFiles", ()), *document.get("CgoFiles", ())]
        first = min(files) if files else ""
        packages.append(Package(document["ImportPath"], document.get("Name", ""), first))
    return tuple(packages)


def binary_names(packages: Iterable[Package], *, libraries_allowed: bool) -> tuple[str, ...]:
    """Return the programs' names. Raises UserError where a target is none, or two are named alike.

    ``libraries_allowed`` leaves out packages that are no programs, as a pattern may match them.
    """
    by_name: dict[str, str] = {}
    for package in packages:
        if package.name != "main":
            if libraries_allowed:
                continue
            raise UserError(
                f"the target {package.import_path} is package {package.name}, not a program",
                remedy="name folders with package main in BP_GO_TARGETS.",
            )
        if package.binary in by_name:
            raise UserError(
                f"two targets give a program of the same name, {package.binary}",
                detail=f"{by_name[package.binary]}\n{package.import_path}",
                remedy="name one of them in BP_GO_TARGETS, or rename the folder of the other.",
            )
        by_name[package.binary] = package.import_path
    if not by_name:
        raise UserError(
            "the targets match no program: there is no package main among them",
            remedy="name folders with package main in BP_GO_TARGETS.",
        )
    return tuple(by_name)
