"""Files that the phases of a build hand to each other: group, plan, analyzed, run and report.

Source: platform specification, "Data Format".
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gobp.cnb.build_metadata import GroupMember
from gobp.cnb.build_plan import Require
from gobp.cnb.buildpack import Group, GroupElement, order_from_toml
from gobp.cnb.buildpack_plan import BuildpackPlan, Entry
from gobp.cnb.lifecycle_metadata import LifecycleMetadata, RunImageRecord
from gobp.cnb.phases import Target
from gobp.cnb.toml import Table, get_str, get_strs, get_table, get_tables, require_str


@dataclass(frozen=True, slots=True)
class OrderToml:
    """order.toml: the groups, in the order in which they are tried."""

    groups: tuple[Group, ...]

    def to_toml(self) -> Table:
        """Return the document."""
        return {"order": [{"group": [_element(each) for each in group]} for group in self.groups]}

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "OrderToml":
        """Read the document. Raises UserError on a wrong type or a missing ID."""
        return cls(order_from_toml(document, source=source))


def _element(element: GroupElement) -> Table:
    table: Table = {"id": element.id}
    if element.version:
        table["version"] = element.version
    if element.optional:
        table["optional"] = True
    return table


@dataclass(frozen=True, slots=True)
class GroupToml:
    """group.toml: the buildpacks that take part."""

    members: tuple[GroupMember, ...]

    def to_toml(self) -> Table:
        """Return the document."""
        return {"group": [_member(member) for member in self.members]}

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "GroupToml":
        """Read the document. Raises UserError on a wrong type or a missing ID."""
        tables = get_tables(document, "group", source=source)
        return cls(tuple(GroupMember.from_toml(table, source=source) for table in tables))


def _member(member: GroupMember) -> Table:
    table: Table = {"id": member.id, "version": member.version}
    if member.api:
        table["api"] = member.api
    if member.homepage:
        table["homepage"] = member.homepage
    return table


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One dependency: the buildpacks that provide it, and all that require it."""

    providers: tuple[GroupMember, ...]
    requires: tuple[Require, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """plan.toml: the dependencies that are not met yet."""

    entries: tuple[PlanEntry, ...] = ()

    def for_buildpack(self, buildpack_id: str) -> BuildpackPlan:
        """Return the entries that a buildpack provides."""
        return BuildpackPlan(
            tuple(
                Entry(require.name, require.metadata)
                for entry in self.entries
                if any(provider.id == buildpack_id for provider in entry.providers)
                for require in entry.requires
            )
        )

    def without(self, met: Collection[str]) -> "Plan":
        """Return the plan after a buildpack met the dependencies of these names."""
        return Plan(
            tuple(
                entry
                for entry in self.entries
                if not any(require.name in met for require in entry.requires)
            )
        )

    def to_toml(self) -> Table:
        """Return the document."""
        return {
            "entries": [
                {
                    "providers": [
                        {"id": each.id, "version": each.version} for each in entry.providers
                    ],
                    "requires": [require.to_toml() for require in entry.requires],
                }
                for entry in self.entries
            ]
        }

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "Plan":
        """Read the document. Raises UserError on a wrong type or a missing name."""
        return cls(
            tuple(
                PlanEntry(
                    tuple(
                        GroupMember.from_toml(provider, source=source)
                        for provider in get_tables(table, "providers", source=source)
                    ),
                    tuple(
                        Require.from_toml(require, source=source)
                        for require in get_tables(table, "requires", source=source)
                    ),
                )
                for table in get_tables(document, "entries", source=source)
            )
        )


@dataclass(frozen=True, slots=True)
class Analyzed:
    """analyzed.toml: the image of the last build, and the run image of this one.

    References are "" where there is no such image.
    """

    previous_image: str = ""
    metadata: LifecycleMetadata = field(default_factory=LifecycleMetadata)
    run_image: str = ""
    run_image_name: str = ""
    target: Target | None = None

    def to_toml(self) -> Table:
        """Return the document."""
        run_image: Table = {"reference": self.run_image}
        if self.run_image_name:
            run_image["image"] = self.run_image_name
        if self.target is not None:
            run_image["target"] = _target_table(self.target)
        return {
            "image": {"reference": self.previous_image},
            "metadata": self.metadata.to_toml(),
            "run-image": run_image,
        }

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "Analyzed":
        """Read the document. Raises UserError on a wrong type."""
        image = get_table(document, "image", source=source)
        run_image = get_table(document, "run-image", source=source)
        metadata = get_table(document, "metadata", source=source)
        return cls(
            previous_image=get_str(image, "reference", source=source),
            metadata=LifecycleMetadata.from_toml(metadata, source=source),
            run_image=get_str(run_image, "reference", source=source),
            run_image_name=get_str(run_image, "image", source=source),
            target=_target(run_image, source) if "target" in run_image else None,
        )


def _target_table(target: Target) -> Table:
    table: Table = {"os": target.os, "arch": target.arch}
    if target.variant:
        table["arch-variant"] = target.variant
    if target.distro_name:
        table["distro"] = {"name": target.distro_name, "version": target.distro_version}
    return table


def _target(run_image: Mapping[str, object], source: str) -> Target:
    table = get_table(run_image, "target", source=source)
    distro = get_table(table, "distro", source=source)
    return Target(
        get_str(table, "os", source=source),
        get_str(table, "arch", source=source),
        get_str(table, "arch-variant", source=source),
        get_str(distro, "name", source=source),
        get_str(distro, "version", source=source),
    )


@dataclass(frozen=True, slots=True)
class RunToml:
    """run.toml: the run images that a platform knows, with their mirrors."""

    images: tuple[RunImageRecord, ...]

    def to_toml(self) -> Table:
        """Return the document."""
        return {
            "images": [
                {"image": each.image} | ({"mirrors": each.mirrors} if each.mirrors else {})
                for each in self.images
            ]
        }

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "RunToml":
        """Read the document. Raises UserError on a wrong type or an image without name."""
        return cls(
            tuple(
                RunImageRecord(
                    image=require_str(table, "image", source=source),
                    mirrors=get_strs(table, "mirrors", source=source),
                )
                for table in get_tables(document, "images", source=source)
            )
        )


@dataclass(frozen=True, slots=True)
class Report:
    """report.toml: the image that was exported; what is not known is "" or 0."""

    tags: tuple[str, ...]
    image_id: str = ""
    digest: str = ""
    manifest_size: int = 0

    def to_toml(self) -> Table:
        """Return the document."""
        image: Table = {"tags": self.tags}
        if self.image_id:
            image["image-id"] = self.image_id
        if self.digest:
            image["digest"] = self.digest
        if self.manifest_size:
            image["manifest-size"] = self.manifest_size
        return {"image": image}
