"""The buildpacks a build may use: folders with a ``buildpack.toml``, found by ID."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb import api_version, toml
from gobp.cnb.build_metadata import GroupMember
from gobp.cnb.buildpack import BuildpackToml, Group, GroupElement
from gobp.cnb.toml import get_strs, get_table
from gobp.errors import UserError

_DESCRIPTOR = "buildpack.toml"
_BUILDPACK_APIS = ("0.7", "0.8", "0.9", "0.10", "0.11", "0.12")


@dataclass(frozen=True, slots=True)
class Buildpack:
    """A buildpack on disk."""

    root: Path
    descriptor: BuildpackToml

    @property
    def id(self) -> str:
        """Return the ID."""
        return self.descriptor.id

    @property
    def member(self) -> GroupMember:
        """Return the buildpack as group.toml names it."""
        descriptor = self.descriptor
        return GroupMember(descriptor.id, descriptor.version, descriptor.api, descriptor.homepage)

    @property
    def files(self) -> tuple[Path, ...]:
        """Return what the buildpack is made of: all of its folder, unless it says what counts."""
        named = get_strs(self._local, "files", source=str(self.root / _DESCRIPTOR))
        return tuple(self.root / name for name in (_DESCRIPTOR, *named)) if named else (self.root,)

    @property
    def programs(self) -> tuple[str, ...]:
        """Return the names of this machine's programs that the buildpack says it uses."""
        return get_strs(self._local, "programs", source=str(self.root / _DESCRIPTOR))

    @property
    def _local(self) -> Mapping[str, object]:
        source = str(self.root / _DESCRIPTOR)
        return get_table(self.descriptor.metadata, "local", source=source)

    def __str__(self) -> str:
        """Return ``id@version``, as the lifecycle writes it."""
        return f"{self.descriptor.id}@{self.descriptor.version}"

    def api_at_least(self, version: str) -> bool:
        """Tell whether the buildpack speaks this Buildpack API or a later one."""
        return api_version.at_least(self.descriptor.api, version)


@dataclass(frozen=True, slots=True)
class BuildpackStore:
    """All buildpacks of a build and the order in which they were given."""

    buildpacks: tuple[Buildpack, ...]

    def find(self, element: GroupElement) -> Buildpack:
        """Return the buildpack of an order's element. Raises UserError if it was not given."""
        for buildpack in self.buildpacks:
            descriptor = buildpack.descriptor
            if descriptor.id == element.id and element.version in {"", descriptor.version}:
                return buildpack
        raise UserError(
            f"the order names {element.id}@{element.version}, which is not among the buildpacks",
            detail="\n".join(f"{each} in {each.root}" for each in self.buildpacks),
            remedy="give the folder of that buildpack too.",
        )

    def group(self) -> Group:
        """Return the group of a build: every buildpack that no composite given has in its order."""
        inside = {
            element.id
            for buildpack in self.buildpacks
            for group in buildpack.descriptor.order
            for element in group
        }
        return tuple(
            GroupElement(each.id, each.descriptor.version)
            for each in self.buildpacks
            if each.id not in inside
        )


def load_buildpacks(folders: Sequence[Path]) -> BuildpackStore:
    """Read the buildpacks in these folders. Raises UserError on what is none, or given twice."""
    buildpacks = tuple(_load(folder.resolve()) for folder in folders)
    if not buildpacks:
        raise UserError("no buildpack was given", remedy="name the folder of a buildpack.")
    seen: dict[str, Path] = {}
    for buildpack in buildpacks:
        if str(buildpack) in seen:
            raise UserError(
                f"{buildpack} is in two folders: {seen[str(buildpack)]} and {buildpack.root}",
                remedy="give each buildpack once.",
            )
        seen[str(buildpack)] = buildpack.root
    return BuildpackStore(buildpacks)


def _load(folder: Path) -> Buildpack:
    source = folder / _DESCRIPTOR
    if not source.is_file():
        raise UserError(
            f"{folder} is no buildpack: it has no buildpack.toml",
            remedy="name a folder with a buildpack.toml, bin/detect and bin/build.",
        )
    document = toml.loads(source.read_text(encoding="utf-8"), source=str(source))
    descriptor = BuildpackToml.from_toml(document, source=str(source))
    if descriptor.api not in _BUILDPACK_APIS:
        raise UserError(
            f"{source} asks for Buildpack API {descriptor.api}",
            remedy=f"use a buildpack of one of the APIs {', '.join(_BUILDPACK_APIS)}.",
        )
    return Buildpack(folder, descriptor)
