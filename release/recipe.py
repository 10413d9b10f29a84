"""What of Debian's packages becomes the bundled interpreter, and what is left out.

The tree runs through its own dynamic loader, so it needs nothing of the machine
(docs/decisions/0003-bundled-interpreter.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release.deb import PackageFiles

PACKAGES = (
    "python3.13-minimal",
    "libpython3.13-minimal",
    "libpython3.13-stdlib",
    "libc6",
    "libgcc-s1",
    "zlib1g",
    "libexpat1",
    "libbz2-1.0",
    "liblzma5",
    "libssl3t64",
    "libzstd1",
    "python3-zstandard",
)
LICENCE_PACKAGES = ("gcc-14-base", "base-files")  # texts that those above refer to
SUITE = "trixie"
KEYRING = "debian-archive-keyring"
PYTHON = "3.13"
LIBRARY = f"lib/python{PYTHON}"  # the standard library in the tree of an architecture
_INSTALLED = f"usr/lib/python{PYTHON}"
_ADDED = "usr/lib/python3/dist-packages"  # Python packages of Debian: those that are compiled


@dataclass(frozen=True, slots=True)
class Architecture:
    """An architecture by Debian's and Go's name, and its names in file paths."""

    name: str
    machine: str  # what `uname -m` prints
    triple: str
    loader: str


AMD64 = Architecture("amd64", "x86_64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
ARM64 = Architecture("arm64", "aarch64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHARED_LIBRARIES = (
    "libc.so.6",
    "libm.so.6",
    "libz.so.1",
    "libexpat.so.1",
    "libbz2.so.1.0",
    "liblzma.so.5",
    "libssl.so.3",
    "libcrypto.so.3",
    "libzstd.so.1",  # libcrypto and zstandard need it
    "libgcc_s.so.1",  # glibc loads it when a thread ends; without it such a process aborts
)
EXTENSIONS = _words(
    "_asyncio _bz2 _contextvars _decimal _hashlib _lzma _multibytecodec _multiprocessing _queue "
    "_ssl _zoneinfo mmap resource termios"
)
ADDED_MODULES = ("zstandard/__init__.py",)
ADDED_EXTENSIONS = ("zstandard/backend_c",)
_PACKAGES_LEFT_OUT = _words(
    "__phello__ _pyrepl curses dbm ensurepip idlelib lib-dynload lib2to3 pydoc_data sqlite3 test "
    "tests tkinter turtledemo unittest venv wsgiref xmlrpc"
)
_MODULES_LEFT_OUT = _words(
    "_aix_support _android_support _apple_support _ios_support _osx_support _pydecimal _pyio "
    "antigravity cProfile doctest imaplib mailbox nturl2path pdb pickletools poplib profile pstats "
    "pyclbr pydoc rlcompleter sitecustomize smtplib tabnanny this trace turtle wave "
    "webbrowser"
)
_ENCODINGS = _words(
    "__init__ aliases ascii base64_codec charmap cp1252 cp437 hex_codec idna iso8859_1 iso8859_15 "
    "latin_1 punycode raw_unicode_escape undefined unicode_escape utf_16 utf_16_be utf_16_le "
    "utf_32 utf_8 utf_8_sig"
)
_COMMON_LICENCES = ("Apache-2.0", "GPL-2", "GPL-3", "LGPL-2.1", "LGPL-3")
_README = """\
This folder holds the licences of the bundled interpreter and of the packages beside it.

Python, the C library and the other libraries are Debian's binaries, unchanged; only a part of
them was taken. Python's standard library, zstandard and the packages in runtime/packages were
compiled to byte code from unchanged sources, and a part of the standard library was left out.

debian-packages.toml names each Debian package and the source package, with its version, that
Debian's archive holds the source of. python-packages.txt names the Python packages; their
sources are on the Python Package Index under the same versions.
"""
_WRAPPER = """\
#!/bin/sh
# The bundled Python, for child processes (it is sys.executable): runs through its own loader.
unset LD_PRELOAD
lib=${{0%/*}}/../lib
exec "$lib/{loader}" --inhibit-cache --library-path "$lib" --argv0 "$0" \\
  "$lib/python{python}.elf" "$@"
"""


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file to write: its content and whether it may be executed."""

    data: bytes
    executable: bool = False


def interpreter_argv(root: str, architecture: Architecture) -> list[str]:
    """Return the command that starts the interpreter of the tree at ``root``."""
    lib = f"{root}/lib"
    return [
        f"{lib}/{architecture.loader}",
        "--inhibit-cache",
        "--library-path",
        lib,
        "--argv0",
        f"{root}/bin/python3",
        f"{lib}/python{PYTHON}.elf",
    ]


def interpreter_files(packages: PackageFiles, architecture: Architecture) -> Mapping[str, TreeFile]:
    """Return the tree of one architecture by path, the standard library still as source."""
    installed = f"usr/lib/{architecture.triple}"
    wrapper = _WRAPPER.format(loader=architecture.loader, python=PYTHON).encode()
    tree = {
        "bin/python3": TreeFile(wrapper, executable=True),
        f"lib/{architecture.loader}": TreeFile(
            packages.read(f"{installed}/{architecture.loader}"), executable=True
        ),
        f"lib/python{PYTHON}.elf": TreeFile(
            packages.read(f"usr/bin/python{PYTHON}"), executable=True
        ),
        # Python looks for this name in every parent folder first; found here, it stops looking.
        f"lib/python{PYTHON.replace('.', '')}.zip": TreeFile(b""),
    }
    for name in SHARED_LIBRARIES:
        tree[f"lib/{name}"] = TreeFile(packages.read(f"{installed}/{name}"))
    for path in _standard_library(packages, architecture):
        tree[f"{LIBRARY}/{path}"] = TreeFile(packages.read(f"{_INSTALLED}/{path}"))
    for path in (*ADDED_MODULES, *(_compiled(name, architecture) for name in ADDED_EXTENSIONS)):
        tree[f"{LIBRARY}/{path}"] = TreeFile(packages.read(f"{_ADDED}/{path}"))
    return tree


def licence_files(packages: PackageFiles, lock_text: str) -> Mapping[str, TreeFile]:
    """Return the licence texts of all packages and the texts that they refer to, by path.

    ``lock_text`` is the lock of these packages; it goes along, for it names their sources.
    """
    tree = {
        "README": TreeFile(_README.encode()),
        "debian-packages.toml": TreeFile(lock_text.encode()),
    }
    for name in PACKAGES:
        text = packages.read(f"usr/share/doc/{name}/copyright")
        tree[f"{name}/copyright"] = TreeFile(text)
    for name in _COMMON_LICENCES:
        tree[f"common/{name}"] = TreeFile(packages.read(f"usr/share/common-licenses/{name}"))
    return tree


def _standard_library(packages: PackageFiles, architecture: Architecture) -> Iterator[str]:
    for name in sorted(EXTENSIONS):
        yield _compiled(f"lib-dynload/{name}", architecture)
    for path in packages.below(_INSTALLED):
        if path.endswith(".py") and _is_kept(path):
            yield path


def _compiled(name: str, architecture: Architecture) -> str:
    return f"{name}.cpython-{PYTHON.replace('.', '')}-{architecture.triple}.so"


def _is_kept(path: str) -> bool:
    *folders, name = path.removesuffix(".py").split("/")
    if folders == ["encodings"]:
        return name in _ENCODINGS
    if not folders:
        return name not in _MODULES_LEFT_OUT and not name.startswith("_sysconfigdata")
    return not any(
        folder in _PACKAGES_LEFT_OUT or folder.startswith("config-") for folder in folders
    )
