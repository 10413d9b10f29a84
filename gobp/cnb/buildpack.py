"""buildpack.toml: what a buildpack is, for which targets, or of which others it is made.

Source: buildpack specification, "buildpack.toml (TOML)".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.cnb import api_version
from gobp.cnb.toml import get_bool, get_str, get_strs, get_table, get_tables, require_str
from gobp.errors import UserError

_ID = re.compile(r"[A-Za-z0-9./-]+", re.ASCII)
_RESERVED_IDS = frozenset({"app", "config", "generated", "sbom"})
_VERSION = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Distro:
    """A distribution of a base image, as /etc/os-release names it."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class BuildpackTarget:
    """A target that a buildpack is for; an empty part means any."""

    os: str = ""
    arch: str = ""
    variant: str = ""
    distros: tuple[Distro, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupElement:
    """A buildpack in a group of an order."""

    id: str
    version: str = ""
    optional: bool = False


Group = tuple[GroupElement, ...]


@dataclass(frozen=True, slots=True)
class BuildpackToml:
    """All of buildpack.toml that the lifecycle reads, and ``[metadata]``."""

    api: str
    id: str
    version: str
    name: str = ""
    homepage: str = ""
    clear_env: bool = False
    sbom_formats: tuple[str, ...] = ()
    targets: tuple[BuildpackTarget, ...] = ()
    stacks: tuple[str, ...] = ()
    order: tuple[Group, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "BuildpackToml":
        """Read the document. Raises UserError on what the specification forbids."""
        info = get_table(document, "buildpack", source=source)
        order = order_from_toml(document, source=source)
        targets = get_tables(document, "targets", source=source)
        stacks = get_tables(document, "stacks", source=source)
        if order and (targets or stacks):
            raise UserError(
                f"{source} has an order and targets or stacks too",
                remedy="leave targets and stacks to the buildpacks in the order.",
            )
        api = require_str(document, "api", source=source)
        api_version.parse(api, source=source)
        return cls(
            api=api,
            id=_checked_id(require_str(info, "id", source=source), source),
            version=_checked_version(require_str(info, "version", source=source), source),
            name=get_str(info, "name", source=source),
            homepage=get_str(info, "homepage", source=source),
            clear_env=get_bool(info, "clear-env", source=source),
            sbom_formats=get_strs(info, "sbom-formats", source=source),
            targets=tuple(_target(table, source) for table in targets),
            stacks=tuple(require_str(table, "id", source=source) for table in stacks),
            order=order,
            metadata=get_table(document, "metadata", source=source),
        )


def escape_id(buildpack_id: str) -> str:
    """Return the name of a buildpack's folders: no slashes (spec, "<escaped id>")."""
    return buildpack_id.replace("/", "_")


def order_from_toml(document: Mapping[str, object], *, source: str) -> tuple[Group, ...]:
    """Read ``[[order]]`` of buildpack.toml or order.toml. Raises UserError."""
    return tuple(
        tuple(_element(element, source) for element in get_tables(table, "group", source=source))
        for table in get_tables(document, "order", source=source)
    )


def _element(table: Mapping[str, object], source: str) -> GroupElement:
    return GroupElement(
        _checked_id(require_str(table, "id", source=source), source),
        _checked_part(get_str(table, "version", source=source), source),
        get_bool(table, "optional", source=source),
    )


def _target(table: Mapping[str, object], source: str) -> BuildpackTarget:
    # The spec and pack write "variant"; lifecycle 0.21 reads "arch-variant".
    variant = get_str(table, "variant", source=source)
    return BuildpackTarget(
        os=get_str(table, "os", source=source),
        arch=get_str(table, "arch", source=source),
        variant=get_str(table, "arch-variant", source=source, default=variant),
        distros=tuple(
            Distro(
                get_str(distro, "name", source=source), get_str(distro, "version", source=source)
            )
            for distro in get_tables(table, "distros", source=source)
        ),
    )


def _checked_id(buildpack_id: str, source: str) -> str:
    """Refuse IDs that are not allowed, and those that would lead out of their folder."""
    allowed = _ID.fullmatch(buildpack_id) and buildpack_id not in _RESERVED_IDS
    if not allowed or escape_id(buildpack_id) in {".", ".."}:
        raise UserError(
            f"{buildpack_id!r} in {source} cannot be the ID of a buildpack",
            remedy="use letters, digits, dots, slashes and hyphens, and no reserved word"
            f" ({', '.join(sorted(_RESERVED_IDS))}).",
        )
    return buildpack_id


def _checked_version(version: str, source: str) -> str:
    if _VERSION.fullmatch(version) is None:
        raise UserError(
            f"the version {version!r} in {source} is not of the form 1.2.3",
            remedy="write three numbers with dots between.",
        )
    return version


def _checked_part(version: str, source: str) -> str:
    """Refuse a version that is more than one name of a folder; an order may use any other."""
    if "/" in version or version in {".", ".."}:
        raise UserError(
            f"the version {version!r} in {source} cannot be the name of a folder",
            remedy="write the version that the buildpack has.",
        )
    return version
