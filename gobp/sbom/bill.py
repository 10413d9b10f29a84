"""A bill of materials as itself, whatever the format: programs, and the components in them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from gobp.golang.buildinfo import BuildInfo, BuiltModule, release_of
from gobp.sbom import purl

_DEVEL = "(devel)"  # Go's version of a module that was built where it lies
_NO_PACKAGE = "command-line-arguments"  # Go's name for files that were built without a package
_LICENCE_OF_GO = ("BSD-3-Clause",)
_RELEASE = re.compile(r"(\d+(?:\.\d+)*)((?:beta|rc)\d+)?")


class Modules(Protocol):
    """What is known of modules beside what programs say."""

    def licences(self, module: BuiltModule) -> tuple[str, ...]:
        """Return the SPDX identifiers of a module's licences, sorted."""
        ...

    def sum(self, module: BuiltModule) -> str:
        """Return Go's hash of a module at its version, "" where it is not known."""
        ...


class Kind(Enum):
    """What a component is."""

    MODULE = "module"
    STANDARD_LIBRARY = "standard library"
    TOOLCHAIN = "toolchain"


@dataclass(frozen=True, slots=True)
class Archive:
    """The file that a component is published as; ``sha256`` in hex, "" where it is not known."""

    url: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """A part; ``purl`` names it, and no two components of a bill have the same.

    ``version`` is empty where Go knows none. ``h1`` is Go's hash ``h1:...`` of the module's files.
    ``licences`` are SPDX identifiers. ``replacements`` are the replace directives that brought it
    in, as Go writes them: ``example.com/old v1.0.0 => example.com/new v1.1.0``.
    """

    kind: Kind
    name: str
    version: str
    purl: str
    cpe: str = ""
    h1: str = ""
    licences: tuple[str, ...] = ()
    replacements: tuple[str, ...] = ()
    archive: Archive | None = None


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A program on disk: what it says of itself, and the sha256 (hex) of its file."""

    info: BuildInfo
    sha256: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program and all that is in it; ``main`` is its own module, None where it names none."""

    file: ProgramFile
    main: Component | None
    parts: tuple[Component, ...]

    @property
    def name(self) -> str:
        """Its path in the layer: ``bin/web``."""
        return self.file.info.file


@dataclass(frozen=True, slots=True)
class Bill:
    """What is in ``subject``, a layer; programs and components are sorted by name."""

    subject: str
    programs: tuple[Program, ...]
    components: tuple[Component, ...]

    @property
    def top(self) -> tuple[str, ...]:
        """The names of what is not part of something else: the programs, or all components."""
        if self.programs:
            return tuple(program.name for program in self.programs)
        return tuple(component.purl for component in self.components)


def bill_of_programs(subject: str, files: Iterable[ProgramFile], modules: Modules) -> Bill:
    """Return the bill of programs: the modules linked into each, and the standard library."""
    sorted_files = sorted(files, key=lambda file: file.info.file)
    found = [
        (file, _main(file.info, modules), _others(file.info, modules)) for file in sorted_files
    ]
    known: dict[str, Component] = {}
    for _, main, others in found:
        for component in filter(None, (main, *others)):
            known[component.purl] = _merged(component, known.get(component.purl))
    programs = []
    for file, main, others in found:
        names = {component.purl for component in filter(None, (main, *others))}
        parts = tuple(known[name] for name in sorted(names))
        programs.append(Program(file, known[main.purl] if main else None, parts))
    return Bill(subject, tuple(programs), tuple(known[name] for name in sorted(known)))


def bill_of_toolchain(
    subject: str, version: str, *, h1: str = "", archive: Archive | None = None
) -> Bill:
    """Return the bill of a Go distribution; ``version`` is without "go"."""
    toolchain = Component(
        Kind.TOOLCHAIN,
        "Go",
        version,
        purl.generic("go", version),
        cpe=_cpe(version),
        h1=h1,
        licences=_LICENCE_OF_GO,
        archive=archive,
    )
    return Bill(subject, (), (toolchain,))


def standard_library(info: BuildInfo) -> Component:
    """Return Go's own packages, as scanners name them, at the version that compiled a program."""
    version = release_of(info.go_version)
    return Component(
        Kind.STANDARD_LIBRARY,
        "stdlib",
        version,
        purl.golang("stdlib", version),
        cpe=_cpe(version),
        licences=_LICENCE_OF_GO,
    )


def settings_of(program: Program) -> Mapping[str, str]:
    """Return what a program says of how it was built, by name."""
    info = program.file.info
    said = {"go": info.go_version, "path": info.path, **info.settings}
    return {name: said[name] for name in sorted(said) if said[name]}


def _main(info: BuildInfo, modules: Modules) -> Component | None:
    """Return the module of the program itself; without modules, its package stands for it."""
    if info.main is not None:
        return _module(info.main, modules)
    if info.path in {"", _NO_PACKAGE}:
        return None
    return _module(BuiltModule(info.path), modules)


def _others(info: BuildInfo, modules: Modules) -> tuple[Component, ...]:
    return (standard_library(info), *(_module(each, modules) for each in info.dependencies))


def _module(module: BuiltModule, modules: Modules) -> Component:
    """Return a module, or the one that replaces it; a folder replaces only its content."""
    built = module.replaced_by or module
    name = module.path if built.is_folder else built.path
    version = "" if built.version == _DEVEL else built.version
    return Component(
        Kind.MODULE,
        name,
        version,
        purl.golang(name, version),
        h1=built.sum or modules.sum(built),
        licences=modules.licences(module),
        replacements=(f"{_words(module)} => {_words(built)}",) if module.replaced_by else (),
    )


def _words(module: BuiltModule) -> str:
    version = "" if module.version == _DEVEL else module.version
    return f"{module.path} {version}".rstrip()


def _merged(one: Component, other: Component | None) -> Component:
    """Return a component that two programs, or two replacements, have brought in."""
    if other is None:
        return one
    return replace(
        one,
        h1=one.h1 or other.h1,
        licences=tuple(sorted({*one.licences, *other.licences})),
        replacements=tuple(sorted({*one.replacements, *other.replacements})),
    )


def _cpe(version: str) -> str:
    """Return the name of a Go release in the NVD's databases, "" for what is no release."""
    match = _RELEASE.match(version)
    if match is None:
        return ""
    return f"cpe:2.3:a:golang:go:{match[1]}:{match[2] or '-'}:*:*:*:*:*:*"
