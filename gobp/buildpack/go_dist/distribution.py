"""A Go distribution in its two shapes, archive and toolchain module: which files are kept.

The module ``golang.org/toolchain`` holds the files of the official archive without ``api``,
``doc``, ``misc`` and ``test``, each ``go.mod`` renamed to ``_go.mod`` (a module cannot hold
another). So one ``h1:`` hash checks both shapes.
"""

from collections.abc import Callable, Mapping

from gobp.golang.dirhash import hash1
from gobp.golang.version import GoVersion

_ARCHIVE_PREFIX = "go/"
_NOT_IN_THE_MODULE = ("api/", "doc/", "misc/", "test/")
_NOT_NEEDED = (*_NOT_IN_THE_MODULE, "src/cmd/")
_TOOLS_OF_TESTS = frozenset({"cover", "vet"})
_TOOLS_NOT_NEEDED = frozenset({"fix"})
_EXECUTABLE = ("bin/", "pkg/tool/")


def module_version(version: GoVersion, architecture: str) -> str:
    """Return the version of ``golang.org/toolchain`` that is this Go for Linux."""
    return f"v0.0.1-go{version}.linux-{architecture}"


def module_prefix(version: GoVersion, architecture: str) -> str:
    """Return what every name in the module's zip starts with."""
    return f"golang.org/toolchain@{module_version(version, architecture)}/"


def kept_from_archive(*, for_tests: bool) -> Callable[[str], str | None]:
    """Map names in the official archive to their path in the layer; None where one is not needed.

    ``for_tests`` says that tests run with this Go.
    """

    def kept(name: str) -> str | None:
        path = name.removeprefix("./")
        if not path.startswith(_ARCHIVE_PREFIX):
            return None
        return _kept(path.removeprefix(_ARCHIVE_PREFIX), for_tests=for_tests)

    return kept


def kept_from_module(prefix: str, *, for_tests: bool) -> Callable[[str], str | None]:
    """Return the same for names in the module's zip."""

    def kept(name: str) -> str | None:
        if not name.startswith(prefix):
            return None
        folder, slash, base = name.removeprefix(prefix).rpartition("/")
        path = folder + slash + ("go.mod" if base == "_go.mod" else base)
        return _kept(path, for_tests=for_tests)

    return kept


def _kept(path: str, *, for_tests: bool) -> str | None:
    """Leave out what no build of an app reads: Go's own tests, commands' sources, documentation."""
    if path.startswith(_NOT_NEEDED) or path.endswith("_test.go") or "/testdata/" in path:
        return None
    not_needed = _TOOLS_NOT_NEEDED if for_tests else _TOOLS_NOT_NEEDED | _TOOLS_OF_TESTS
    if path.startswith("pkg/tool/") and path.rpartition("/")[2] in not_needed:
        return None
    return path


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
