"""What a Go binary says of itself, as ``go version -m`` prints it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gobp.golang.modsyntax import unquote

_MODULE_FIELDS = 3


@dataclass(frozen=True, slots=True)
class BuiltModule:
    """A module in a binary; version and sum may be empty, ``replaced_by`` is what was built."""

    path: str
    version: str = ""
    sum: str = ""
    replaced_by: "BuiltModule | None" = None


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """One binary: ``go_version`` is as printed ("go1.26.8"), ``path`` the main package's.

    ``settings`` are the build settings, such as ``GOARCH`` and ``-ldflags``.
    """

    file: str
    go_version: str
    path: str = ""
    main: BuiltModule | None = None
    dependencies: tuple[BuiltModule, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)


def parse(output: str) -> tuple[BuildInfo, ...]:
    """Return what the output of ``go version -m FILE...`` says of each binary, in its order.

    Raises ValueError for a line that Go does not print.
    """
    return tuple(_parse_binary(head, lines) for head, lines in _binaries(output))


def _binaries(output: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each binary's first line and the indented lines below it."""
    head, lines = "", list[str]()
    for line in output.splitlines():
        if line.startswith("\t"):
            lines.append(line[1:])
            continue
        if head:
            yield head, lines
        head, lines = line, []
    if head:
        yield head, lines


def _parse_binary(head: str, lines: list[str]) -> BuildInfo:
    file, colon, go_version = head.rpartition(": ")
    if not colon:
        raise ValueError(f"{head!r} does not name a binary and its Go version")
    path = ""
    modules: list[tuple[str, BuiltModule]] = []
    settings: dict[str, str] = {}
    for line in lines:
        word, _, rest = line.partition("\t")
        match word:
            case "path":
                path = rest
            case "mod" | "dep":
                modules.append((word, _module(rest)))
            case "=>":
                kind, replaced = modules.pop()
                modules.append((kind, _replaced(replaced, _module(rest))))
            case "build":
                key, value = _setting(rest)
                settings[key] = value
            case _:
                raise ValueError(f"{file}: {line!r} is no build information")
    main = next((module for kind, module in modules if kind == "mod"), None)
    dependencies = tuple(module for kind, module in modules if kind == "dep")
    return BuildInfo(file, go_version, path, main, dependencies, settings)


def _module(text: str) -> BuiltModule:
    """Return the module of tab-separated path, version and sum."""
    path, version, checksum = [*text.split("\t"), "", ""][:_MODULE_FIELDS]
    return BuiltModule(path, version, checksum)


def _replaced(module: BuiltModule, by: BuiltModule) -> BuiltModule:
    return BuiltModule(module.path, module.version, module.sum, by)


def _setting(text: str) -> tuple[str, str]:
    """Return key and value of ``key=value``; a value with spaces or quotes is a Go string."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not a build setting")
    return key, unquote(value) if value.startswith('"') else value
