"""The key of a build: a digest of each group of inputs that its programs are made of."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gobp.buildpack.app.layout import Vendor, read_layout
from gobp.buildpack.component import DetectContext
from gobp.buildpack.go.flags import flag_name
from gobp.buildpack.go.linking import read_linking
from gobp.buildpack.group import Group
from gobp.buildpack.unchanged.app_files import AppFiles, read_app
from gobp.buildpack.unchanged.build_image import check_c_sources, inputs_of_build_image
from gobp.buildpack.unchanged.code import inputs_of_buildpack
from gobp.buildpack.unchanged.digests import NoKeyError, digest_of
from gobp.buildpack.unchanged.flags import flags_of, need_a_c_linker
from gobp.buildpack.unchanged.git_settings import inputs_of_git
from gobp.buildpack.unchanged.go_at_hand import inputs_of_go
from gobp.buildpack.unchanged.modules import check_left_alone, check_modules
from gobp.buildpack.unchanged.variables import (
    go_settings,
    inputs_of_bindings,
    inputs_of_variables,
)
from gobp.cnb.buildpack_plan import Entry

# Components that have a part in the programs, and whose inputs the key names.
_KEYED = frozenset({"git", "go-build", "go-dist", "go-mod-vendor", "sbom"})
# Components that do their work in every build, and have no part in the programs. All others do what
# no key can foretell: generators, tests, a database of vulnerabilities.
_AS_EVER = frozenset(
    {"ca-certificates", "ca-certificates-helper", "credentials", "environment-variables"}
    | {"image-labels", "procfile", "source-removal"}
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a build runs, and what with: ``architecture`` is the machine's, in Go's words."""

    facts: DetectContext
    group: Group
    app_dir: Path
    layers_dir: Path
    buildpack_dir: Path
    metadata: Mapping[str, object]
    architecture: str


@dataclass(frozen=True, slots=True)
class Key:
    """The digest of each group of inputs.

    ``variables`` has a short digest of each known variable, which only serves to name those that
    changed. ``c_code`` says that the C compiler of the build image may have a part in it.
    """

    groups: Mapping[str, str]
    variables: Mapping[str, str]
    files: AppFiles = field(repr=False)
    root: str
    c_code: bool


def make_key(given: Surroundings) -> Key:
    """Return the key of a build that is to begin.

    Raises NoKeyError where an input cannot be known, UserError on configuration, and OSError.
    """
    facts, app = given.facts, str(given.app_dir)
    _check_components(given.group)
    layout = read_layout(facts.app, facts.env)
    settings = go_settings(facts.env)
    flags = flags_of(settings)
    c_code = _may_use_c(given, settings, flags)
    if c_code and layout.vendor is Vendor.OTHER:
        raise NoKeyError("C code of modules is not in the vendor folder")
    files = read_app(app)
    check_modules(app, files, layout, settings)
    variables, known = inputs_of_variables(settings, facts.bindings)
    groups = {
        "app": files.digest,
        "variables": digest_of((variables, *flags)),
        "go": digest_of(_go(given, settings)),
        "git": digest_of(inputs_of_git(settings, app, repository=files.has_repository)),
        "buildpack": inputs_of_buildpack(given.buildpack_dir / "buildpack.toml"),
        "target": digest_of((*_target(given), *_places(given, flags))),
        "components": digest_of(_components(given.group)),
        "bindings": inputs_of_bindings(facts.bindings),
        "build-image": inputs_of_build_image(settings) if c_code else "",
    }
    return Key(groups, known, files, layout.root, c_code)


def confirm(key: Key, app_dir: Path) -> None:
    """Make sure that a build which has compiled was foreseeable.

    Raises NoKeyError where it was not, and OSError.
    """
    check_left_alone(str(app_dir), key.files, key.root)
    if key.c_code:
        check_c_sources(str(app_dir))


def _check_components(group: Group) -> None:
    known = _KEYED | _AS_EVER
    others = [each.component for each in group.members if each.component not in known]
    if others:
        raise NoKeyError(f"{', '.join(others)} takes part")


def _may_use_c(given: Surroundings, settings: Mapping[str, str], flags: Sequence[str]) -> bool:
    """Tell whether the C compiler may have a part; that there is none is known by looking, too."""
    cgo = read_linking(given.facts.env, given.facts.target).cgo or settings.get("CGO_ENABLED", "")
    return cgo != "0" or need_a_c_linker(flags)


def _go(given: Surroundings, settings: Mapping[str, str]) -> list[str]:
    entries = [
        entry
        for member in given.group.members
        if member.component == "go-dist"
        for entry in member.entries
    ]
    return inputs_of_go(settings, entries, given.metadata, given.architecture)


def _target(given: Surroundings) -> tuple[str, ...]:
    target = given.facts.target
    return (
        *(target.os, target.arch, target.variant, target.distro_name, target.distro_version),
        given.architecture,
    )


def _places(given: Surroundings, flags: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of app and layers where compilers write them into programs.

    Go leaves them out by ``-trimpath``, of what it compiles and of C code; it is a flag of every
    build unless the user has his own.
    """
    if "trimpath" not in map(flag_name, flags):
        return ()
    return str(given.app_dir), str(given.layers_dir)


def _components(group: Group) -> list[str]:
    """Return who takes part, with the entries of the plan, which other buildpacks add to."""
    return [
        json.dumps([each.component, each.is_for_others, _named(each.entries)], sort_keys=True)
        for each in group.members
        if each.component in _KEYED
    ]


def _named(entries: Iterable[Entry]) -> list[object]:
    return [[each.name, repr(sorted(each.metadata.items()))] for each in entries]
