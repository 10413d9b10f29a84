"""What C code is compiled and linked with: the compilers, headers and libraries of the build image.

Also programs without C code of their own are linked with the C library where cgo is on.
"""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from gobp.buildpack.unchanged.digests import (
    ABSENT,
    NoKeyError,
    digest_of,
    file_digest,
    identity,
)
from gobp.buildpack.unchanged.flags import names_outside

_PACKAGES = ("/var/lib/dpkg/status", "/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_RPM = ("/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages")
# What no package manager vouches for, and a compiler finds without being told.
_TREES = ("/usr/include", "/usr/local/include", "/usr/local/lib", "/var/lib/dpkg/status.d")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib64")
_OF_AN_ARCHITECTURE = re.compile(r"[a-z0-9_]+-linux-[a-z0-9]+")
_NAME_FILES = (
    *("AR", "CC", "CXX", "FC", "GCCGO", "PKG_CONFIG", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH"),
    *("CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"),
    *("COMPILER_PATH", "CPATH", "CPLUS_INCLUDE_PATH", "C_INCLUDE_PATH", "GCC_EXEC_PREFIX"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "LD_RUN_PATH", "LIBRARY_PATH", "PKG_CONFIG_SYSROOT_DIR"),
)
_SOURCE = re.compile(r"\.(go|c|h|cc|cpp|cxx|hh|hpp|hxx|m|s|S|f|F|for|f90|swig|swigcxx|syso)\Z")
_CGO = re.compile(rb"^[^\S\n]*(?://)?[^\S\n]*#cgo([^\n]*)", re.MULTILINE)
# What takes a file in; a name without "..", and not from the root, is found in known folders.
_INCLUDE = re.compile(
    rb"(?:#[^\S\n]*(?:include|include_next|import|embed)|\.incbin)[^\S\n]*[<\\\"]+([^\n>\\\"]+)"
)


def inputs_of_build_image(settings: Mapping[str, str], root: str = "") -> str:
    """Return the digest of compilers, packages, headers and libraries, those below ``root``.

    Raises NoKeyError where a variable names others, and OSError.
    """
    for name in _NAME_FILES:
        if names_outside(settings.get(name, "")):
            raise NoKeyError(f"{name} names what may not be in the app")
    programs = (folder for folder in settings.get("PATH", "").split(":") if folder)
    return digest_of(
        (
            *(_content(f"{root}{path}") for path in _PACKAGES),
            *(identity(f"{root}{path}") for path in _RPM),
            *_names(programs),
            *_names(_library_folders(root)),
            *(line for tree in _TREES for line in _tree(f"{root}{tree}")),
        )
    )


def check_c_sources(app: str) -> None:
    """Raise NoKeyError where C code of the app, or of its vendor folder, names files elsewhere.

    Also raises OSError. Source: cmd/cgo, "Using cgo with the go command".
    """
    for path in _files(app):
        if not _SOURCE.search(path) or not os.path.isfile(path):  # noqa: PTH113 # text
            continue
        with open(path, "rb") as file:  # noqa: PTH123 # one a file of the app
            text = file.read()
        name = os.path.relpath(path, app)
        if any(map(_leads_outside, _CGO.findall(text))) or any(
            _is_outside(name, found) for found in _INCLUDE.findall(text)
        ):
            raise NoKeyError(f"C code in {name} names files outside the app")


def _leads_outside(directive: bytes) -> bool:
    """Tell whether ``#cgo`` names other files; those below ${SRCDIR} are the app's."""
    text = directive.decode("utf-8", "replace").replace("${SRCDIR}", ".")
    return "pkg-config" in text or names_outside(text)


def _is_outside(name: str, included: bytes) -> bool:
    """Tell whether a file of the app takes in one that is not of it, seen from its own folder."""
    path = included.decode("utf-8", "replace")
    if path.startswith("/"):
        return True
    return ".." in path and posixpath.normpath(f"{posixpath.dirname(name)}/{path}").startswith("..")


def _content(path: str) -> str:
    return file_digest(path) if os.path.exists(path) else ABSENT  # noqa: PTH110 # text


def _library_folders(root: str) -> list[str]:
    found = []
    for folder in (f"{root}{path}" for path in _LIBRARIES):
        found.append(folder)
        if os.path.isdir(folder):  # noqa: PTH112 # text
            names = sorted(filter(_OF_AN_ARCHITECTURE.fullmatch, os.listdir(folder)))  # noqa: PTH208 # text
            found += [f"{folder}/{name}" for name in names]
    return found


def _names(folders: Iterable[str]) -> Iterator[str]:
    """Yield the identity of each file directly in folders; those of links are their targets'."""
    for folder in folders:
        yield folder
        if os.path.isdir(folder):  # noqa: PTH112 # text
            with os.scandir(folder) as entries:
                yield from sorted(_line(entry) for entry in entries if not entry.is_dir())


def _tree(root: str) -> Iterator[str]:
    yield root
    yield from sorted(
        f"{path} {status.st_size} {status.st_mtime_ns}"
        for path, status in ((path, os.lstat(path)) for path in _files(root))
    )


def _files(root: str) -> Iterator[str]:
    """Yield the files and links below a folder, which need not be there, in no order."""
    pending = [root]
    while pending:
        folder = pending.pop()
        if not os.path.isdir(folder):  # noqa: PTH112 # text
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    yield entry.path


def _line(entry: "os.DirEntry[str]") -> str:
    try:
        status = entry.stat()
    except OSError:  # a link to nothing
        return f"{entry.name} {ABSENT}"
    return f"{entry.name} {status.st_size} {status.st_mtime_ns}"
