"""go.mod files (https://go.dev/ref/mod#go-mod-file)."""

import re
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.modsyntax import Directive, read_directives
from gobp.golang.module import ModuleVersion, check_version_fits, split_path_major

_BLOCKS = frozenset(
    {"module", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"}
)
_VERBS = _BLOCKS | {"go", "toolchain"}

_GO_LINE = re.compile(
    r"[1-9][0-9]*\.(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?(?:[a-z]+[0-9]+)?", re.ASCII
)
# Looser than a Go version, as in Go, so that names of toolchains to come are read too.
_TOOLCHAIN = re.compile(r"default|go1(?:\..*)?")
_DIRECTORY = re.compile(r"\.\.?(?:[/\\].*)?|[/\\].*|[A-Za-z]:.*")
_DEPRECATED = re.compile(r"(?:^|\n\n)Deprecated: *(.*?)(?:$|\n\n)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A required module; ``indirect`` where no package of the main module imports it."""

    path: str
    version: str
    indirect: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """A module (all versions if ``old.version`` is empty) and what stands in for it.

    ``new.path`` is a directory if ``new.version`` is empty.
    """

    old: ModuleVersion
    new: ModuleVersion


@dataclass(frozen=True, slots=True)
class Retraction:
    """The versions from ``low`` to ``high``, both included, that should not be used, and why."""

    low: str
    high: str
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class ModFile:
    """What a go.mod file says; an empty string stands for a directive it does not have.

    ``go`` is a Go version ("1.23.4"), ``toolchain`` a name ("go1.23.4", "default"), ``godebug``
    pairs of key and value.
    """

    module: str = ""
    deprecated: str = ""
    go: str = ""
    toolchain: str = ""
    requires: tuple[Requirement, ...] = ()
    excludes: tuple[ModuleVersion, ...] = ()
    replaces: tuple[Replacement, ...] = ()
    retracts: tuple[Retraction, ...] = ()
    tools: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    godebug: tuple[tuple[str, str], ...] = ()


def parse(text: str, *, source: str) -> ModFile:
    """Return what the go.mod file ``text`` says.

    Raises UserError that begins with ``source:line:`` for what Go refuses as well: bad syntax,
    unknown directives, versions that are not full semantic versions.
    """
    found = read_directives(text, source=source, verbs=_VERBS, block_verbs=_BLOCKS)
    module = at_most_one(found["module"])
    return ModFile(
        module=module.only_string("the module path") if module else "",
        deprecated=_deprecation(module) if module else "",
        go=go_line(found["go"]),
        toolchain=toolchain_line(found["toolchain"]),
        requires=tuple(map(_requirement, found["require"])),
        excludes=tuple(map(_module_version, found["exclude"])),
        replaces=tuple(map(replacement, found["replace"])),
        retracts=tuple(map(_retraction, found["retract"])),
        tools=tuple(line.only_string("a package") for line in found["tool"]),
        ignores=tuple(line.only_string("a directory") for line in found["ignore"]),
        godebug=tuple(map(godebug, found["godebug"])),
    )


def at_most_one(directives: list[Directive]) -> Directive | None:
    """Return the directive that may stand once only, None if it is absent."""
    if len(directives) > 1:
        repeated = directives[1]
        first = directives[0].line
        raise repeated.error(f"{repeated.verb} is repeated; it stands on line {first} already")
    return directives[0] if directives else None


def go_line(directives: list[Directive]) -> str:
    """Return the version of the ``go`` line, "" if there is none."""
    line = at_most_one(directives)
    if line is None:
        return ""
    version = line.only_string("a Go version")
    if not _GO_LINE.fullmatch(version) or line.args[0] != version:
        raise line.error(f"{line.args[0]!r} is not a Go version such as 1.23 or 1.23.4")
    return version


def toolchain_line(directives: list[Directive]) -> str:
    """Return the name on the ``toolchain`` line, "" if there is none."""
    line = at_most_one(directives)
    if line is None:
        return ""
    if len(line.args) != 1 or not _TOOLCHAIN.fullmatch(line.args[0]):
        raise line.error(f"{' '.join(line.args)!r} is not a toolchain such as go1.23.4 or default")
    return line.args[0]


def godebug(line: Directive) -> tuple[str, str]:
    """Return key and value of a ``godebug`` directive."""
    setting = line.args[0] if len(line.args) == 1 else ""
    key, equals, value = setting.partition("=")
    if not equals or any(character in setting for character in "\"`',"):
        raise line.error(f"godebug takes key=value and has {' '.join(line.args) or 'nothing'}")
    return key, value


def replacement(line: Directive) -> Replacement:
    """Return what a ``replace`` directive says: ``old [version] => new version`` or a directory."""
    arrow = 1 if line.args[1:2] == ("=>",) else 2
    old, new = line.args[:arrow], line.args[arrow + 1 :]
    if line.args[arrow : arrow + 1] != ("=>",) or len(new) not in {1, 2}:
        raise line.error(
            "replace takes `module [version] => module version` or"
            f" `module [version] => directory` and has {' '.join(line.args) or 'nothing'}"
        )
    replaced = ModuleVersion(line.string(old[0]), _version(line, old[1]) if old[1:] else "")
    _check_fits(line, replaced)
    return Replacement(replaced, _replacing(line, new))


def _replacing(line: Directive, new: tuple[str, ...]) -> ModuleVersion:
    """Return the right side of a ``replace``: a module with a version, or a directory."""
    path = line.string(new[0])
    is_directory = _DIRECTORY.fullmatch(path) is not None
    if len(new) > 1:
        if is_directory:
            raise line.error(f"the directory {path!r} that replaces a module has a version")
        return ModuleVersion(path, _version(line, new[1]))
    if not is_directory:
        raise line.error(f"{path!r} has no version, and is no directory (those begin with . or /)")
    if "\\" in path:
        raise line.error(f"the directory {path!r} is written as on Windows")
    return ModuleVersion(path)


def _requirement(line: Directive) -> Requirement:
    required = _module_version(line)
    word, *more = [*line.suffix.split(), ""]
    indirect = word == "indirect;" if any(more) else word == "indirect"
    return Requirement(required.path, required.version, indirect)


def _module_version(line: Directive) -> ModuleVersion:
    """Return the module that a ``require`` or ``exclude`` names."""
    if len(line.args) != 2:
        found = " ".join(line.args) or "nothing"
        raise line.error(f"{line.verb} takes a module path and a version and has {found}")
    named = ModuleVersion(line.string(line.args[0]), _version(line, line.args[1]))
    _check_fits(line, named)
    return named


def _retraction(line: Directive) -> Retraction:
    """Return the interval of a ``retract``: ``v1.2.3`` or ``[v1.2.3, v1.4.0]``.

    Its versions stay as they are written: Go looks at them when it publishes, not when it builds.
    """
    rationale = "\n".join(line.comments)
    match line.args:
        case ("[", low, ",", high, "]"):
            return Retraction(line.string(low), line.string(high), rationale)
        case (only,) if only not in {"[", "("}:
            return Retraction(line.string(only), line.string(only), rationale)
        case _:
            found = " ".join(line.args) or "nothing"
            raise line.error(f"retract takes a version or [low, high] and has {found}")


def _deprecation(line: Directive) -> str:
    """Return the paragraph of the module's comment that begins with ``Deprecated:``."""
    match = _DEPRECATED.search("\n".join(line.comments))
    return match[1] if match else ""


def _version(line: Directive, token: str) -> str:
    """Return the canonical form of the version in the token."""
    version = semver.canonical(line.string(token))
    if not version:
        raise line.error(f"{token!r} is not a version of the form v1.2.3")
    return version


def _check_fits(line: Directive, named: ModuleVersion) -> None:
    """Raise an error that names the line unless path and version of a module go together."""
    try:
        split_path_major(named.path)
        if named.version:
            check_version_fits(named.path, named.version)
    except UserError as error:
        raise line.error(error.summary) from None
