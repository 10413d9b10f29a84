"""A Go distribution in its two shapes, archive and toolchain module: which files are kept.

The module ``golang.org/toolchain`` holds the files of the official archive without ``api``,
``doc``, ``misc`` and ``test``, each ``go.mod`` renamed to ``_go.mod`` (a module cannot hold
another). So one ``h1:`` hash checks both shapes.
"""

import re
from collections.abc import Callable, Mapping

from gobp.golang.dirhash import hash1
from gobp.golang.version import GoVersion

_ARCHIVE_PREFIX = "go/"
_NOT_IN_THE_MODULE = ("api/", "doc/", "misc/", "test/")
_NOT_NEEDED = (*_NOT_IN_THE_MODULE, "src/cmd/")
_TOOLS_OF_TESTS = frozenset({"cover", "vet"})
TARGETS = frozenset({"amd64", "arm64"})
"""The architectures of Linux that gobp makes images for."""
_SOURCES = frozenset({".go", ".s", ".S", ".c", ".h", ".syso"})
# What go takes for a system or an architecture in the name of a file; source: internal/syslist.
_OTHER_SYSTEM = re.compile(
    "aix|android|darwin|dragonfly|freebsd|hurd|illumos|ios|js|nacl|netbsd|openbsd|plan9|solaris|"
    "wasip1|windows|zos"
)
_ARCHITECTURE = re.compile(
    "386|amd64|amd64p32|arm|armbe|arm64|arm64be|loong64|mips|mips64|mips64le|mips64p32|mips64p32le|"
    "mipsle|ppc|ppc64|ppc64le|riscv|riscv64|s390|s390x|sparc|sparc64|wasm"
)
_TOOLS_NOT_NEEDED = frozenset({"fix"})
_EXECUTABLE = ("bin/", "pkg/tool/")


def module_version(version: GoVersion, architecture: str) -> str:
    """Return the version of ``golang.org/toolchain`` that is this Go for Linux."""
    return f"v0.0.1-go{version}.linux-{architecture}"


def module_prefix(version: GoVersion, architecture: str) -> str:
    """Return what every name in the module's zip starts with."""
    return f"golang.org/toolchain@{module_version(version, architecture)}/"


def kept_from_archive(*, everything: bool) -> Callable[[str], str | None]:
    """Map names in the official archive to their path in the layer; None where one is not needed.

    ``everything`` says that more is done with this Go than compiling an app for Linux.
    """

    def kept(name: str) -> str | None:
        path = name.removeprefix("./")
        if not path.startswith(_ARCHIVE_PREFIX):
            return None
        return _kept(path.removeprefix(_ARCHIVE_PREFIX), everything=everything)

    return kept


def kept_from_module(prefix: str, *, everything: bool) -> Callable[[str], str | None]:
    """Return the same for names in the module's zip."""

    def kept(name: str) -> str | None:
        if not name.startswith(prefix):
            return None
        folder, slash, base = name.removeprefix(prefix).rpartition("/")
        path = folder + slash + ("go.mod" if base == "_go.mod" else base)
        return _kept(path, everything=everything)

    return kept


def _kept(path: str, *, everything: bool) -> str | None:
    """Leave out what no build of an app reads: Go's own tests, commands' sources, documentation."""
    if path.startswith(_NOT_NEEDED) or path.endswith("_test.go") or "/testdata/" in path:
        return None
    if path.startswith("pkg/tool/") and path.rpartition("/")[2] in _TOOLS_NOT_NEEDED:
        return None
    return path if everything or compiles(path) else None


def compiles(path: str) -> bool:
    """Tell whether compiling an app for Linux may read a file of the layer.

    It reads no tools of tests, and no sources whose names say that they are for other systems.
    """
    name = path.rpartition("/")[2]
    if path.startswith("pkg/tool/"):
        return name not in _TOOLS_OF_TESTS
    return not (path.startswith("src/") and is_foreign(name))


def is_foreign(name: str) -> bool:
    """Tell whether go leaves a source out for Linux on amd64 and arm64, by its name alone.

    Source: https://pkg.go.dev/cmd/go#hdr-Build_constraints; go/build, ``goodOSArchFile``.
    """
    stem, dot, kind = name.partition(".")
    if dot + kind not in _SOURCES:
        return False
    words = stem.split("_")[1:]
    if words and _ARCHITECTURE.fullmatch(words[-1]) and words.pop() not in TARGETS:
        return True
    return bool(words and _OTHER_SYSTEM.fullmatch(words[-1]))


def executable(path: str) -> bool:
    """Tell whether a file of the layer is a program; the module's zip does not say."""
    return path.startswith(_EXECUTABLE)


def archive_hash(sums: Mapping[str, str], prefix: str) -> str:
    """Return the module hash of an archive's files (sha256 in hex by name in the archive)."""
    return hash1(
        (prefix + _module_name(path), digest)
        for name, digest in sums.items()
        if (path := name.removeprefix("./").removeprefix(_ARCHIVE_PREFIX))
        and not path.startswith(_NOT_IN_THE_MODULE)
    )


def _module_name(path: str) -> str:
    folder, slash, base = path.rpartition("/")
    return folder + slash + ("_go.mod" if base == "go.mod" else base)
