"""What a Go binary says of itself: its build information, as it holds it and as go prints it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gobp.golang.modsyntax import unquote

_MODULE_FIELDS = 3
_RELEASE = re.compile(r"\bgo(\d\S*?)(?=[ -]X:|\s|$)")
_EXPERIMENTS = re.compile(r"[ -]X:(\S+)")


@dataclass(frozen=True, slots=True)
class BuiltModule:
    """A module in a binary; version and sum may be empty, ``replaced_by`` is what was built."""

    path: str
    version: str = ""
    sum: str = ""
    replaced_by: "BuiltModule | None" = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, which only a replacement can be (https://go.dev/ref/mod)."""
        return self.path in {".", ".."} or self.path.startswith(("./", "../", "/"))


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """One binary: ``go_version`` is as printed ("go1.26.8"), ``path`` the main package's.

    ``main`` is the main module, None where the binary names none. ``settings`` are the build
    settings, such as ``GOARCH`` and ``-ldflags``.
    """

    file: str
    go_version: str
    path: str = ""
    main: BuiltModule | None = None
    dependencies: tuple[BuiltModule, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def release_of(go_version: str) -> str:
    """Return the release in a printed Go version: "1.26.8" for "go1.26.8-X:nodwarf5".

    Of a development version ("devel go1.27-6d8a Tue ...") it is what stands for one: "1.27-6d8a".
    """
    match = _RELEASE.search(go_version)
    return match[1] if match else go_version


def experiments_of(go_version: str) -> tuple[str, ...]:
    """Return the experiments in a printed Go version: ("nodwarf5",) for "go1.26.8 X:nodwarf5".

    Source: cmd/link/internal/ld/main.go; Go 1.26 writes a dash where others have a space.
    """
    match = _EXPERIMENTS.search(go_version)
    return tuple(match[1].split(",")) if match else ()


def parse(output: str) -> tuple[BuildInfo, ...]:
    """Return what the output of ``go version -m FILE...`` says of each binary, in its order.

    Raises ValueError for a line that Go does not print.
    """
    binaries: list[BuildInfo] = []
    for line in output.splitlines():
        if not line.startswith("\t"):
            binaries.append(_named_binary(line))
        elif binaries:
            binaries[-1] = _with_line(binaries[-1], line[1:])
        else:
            raise ValueError(f"{line!r} is no line about a binary")
    return tuple(binaries)


def parse_embedded(file: str, go_version: str, text: str) -> BuildInfo:
    """Return what the text in a binary says, the same as go prints of it but for the indentation.

    Raises ValueError for a line that Go does not write.
    """
    binary = BuildInfo(file, go_version)
    for line in text.split("\n"):
        binary = _with_line(binary, line)
    return binary


def _named_binary(line: str) -> BuildInfo:
    file, colon, go_version = line.rpartition(": ")
    if not colon:
        raise ValueError(f"{line!r} does not name a binary and its Go version")
    return BuildInfo(file, go_version)


def _with_line(binary: BuildInfo, line: str) -> BuildInfo:
    """Return the binary with what one more line says of it."""
    word, _, rest = line.partition("\t")
    match word:
        case "path":
            return replace(binary, path=rest)
        case "mod":
            return replace(binary, main=_module(rest))
        case "dep":
            return replace(binary, dependencies=(*binary.dependencies, _module(rest)))
        case "=>":
            return _with_replacement(binary, _module(rest))
        case "build":
            key, value = _setting(rest)
            return replace(binary, settings={**binary.settings, key: value})
        case "":
            return binary  # Go prints an empty line after each replacement
        case _:
            raise ValueError(f"{binary.file}: {line!r} is no build information")


def _with_replacement(binary: BuildInfo, by: BuiltModule) -> BuildInfo:
    """Return the binary with its last module replaced; the main module may be replaced too."""
    if binary.dependencies:
        *others, last = binary.dependencies
        return replace(binary, dependencies=(*others, replace(last, replaced_by=by)))
    if binary.main is not None:
        return replace(binary, main=replace(binary.main, replaced_by=by))
    raise ValueError(f"{binary.file}: {by.path} replaces no module")


def _module(text: str) -> BuiltModule:
    """Return the module of tab-separated path, version and sum."""
    path, version, checksum = [*text.split("\t"), "", ""][:_MODULE_FIELDS]
    return BuiltModule(path, version, checksum)


def _setting(text: str) -> tuple[str, str]:
    """Return key and value of ``key=value``; a value with spaces or quotes is a Go string."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is no build setting")
    return key, unquote(value) if value.startswith('"') else value
