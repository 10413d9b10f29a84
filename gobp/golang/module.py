"""Module paths and versions: which are valid, how they are escaped, what a binary is called."""

import re
from dataclasses import dataclass
from posixpath import basename, splitext

from gobp.errors import UserError
from gobp.golang import semver

_ELEMENT = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
_IMPORT_ELEMENT = re.compile(r"[A-Za-z0-9._~+-]+", re.ASCII)
_VERSION_TEXT = re.compile(r"[A-Za-z0-9#$%&()+,.=@\[\]^_{}~ -]+", re.ASCII)
_FIRST_ELEMENT = re.compile(r"[a-z0-9.-]+", re.ASCII)
_WINDOWS_DEVICE = re.compile(r"con|prn|aux|nul|com[1-9]|lpt[1-9]", re.ASCII | re.IGNORECASE)
_WINDOWS_SHORT_NAME = re.compile(r".*~[0-9]+", re.ASCII)

_MAJOR_ELEMENT = re.compile(r"v(?:[2-9]|[1-9][0-9]+)", re.ASCII)
_VERSION_LIKE_END = re.compile(r"(.*)(/v[0-9.]+)", re.ASCII)
_GOPKG_IN = "gopkg.in/"
_GOPKG_IN_PATH = re.compile(r"(.*)(\.v(?:0|[1-9][0-9]*(?:-unstable)?))", re.ASCII)

_UPPER = re.compile(r"[A-Z]", re.ASCII)
_ESCAPED_UPPER = re.compile(r"!([a-z])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class ModuleVersion:
    """A module at a version; ``version`` is empty where a file names none."""

    path: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.path}@{self.version}" if self.version else self.path


def check_path(path: str) -> None:
    """Raise UserError unless ``path`` is a valid module path.

    The rules are at https://go.dev/ref/mod#go-mod-file-ident.
    """
    reason = _why_no_import_path(path, _ELEMENT) or _why_no_module_path(path)
    if reason:
        raise UserError(
            f"{path!r} is not a module path: {reason}",
            remedy="use the path that the module's go.mod names, such as example.com/team/app.",
        )


def check_import_path(path: str) -> None:
    """Raise UserError unless ``path`` is a valid import path of a package."""
    reason = _why_no_import_path(path, _IMPORT_ELEMENT)
    if reason:
        raise UserError(
            f"{path!r} is not an import path: {reason}",
            remedy="use the path by which Go code imports the package.",
        )


def split_path_major(path: str) -> tuple[str, str]:
    """Return the path without its major version, and that: ``/v2``, ``.v3`` (gopkg.in) or "".

    The two joined are ``path``. Raises UserError for a major version no path may end in, as /v1.
    """
    if path.startswith(_GOPKG_IN):
        match = _GOPKG_IN_PATH.fullmatch(path)
        if match is None:
            raise _bad_major(path)
        return match[1], match[2]
    match = _VERSION_LIKE_END.fullmatch(path)
    if match is None:
        return path, ""
    if not _MAJOR_ELEMENT.fullmatch(match[2][1:]):
        raise _bad_major(path)
    return match[1], match[2]


def check_version_fits(path: str, version: str) -> None:
    """Raise UserError unless the major version of ``version`` is the one ``path`` ends in.

    ``version`` is a semantic version, ``path`` a path that split_path_major accepts.
    """
    suffix = split_path_major(path)[1].removesuffix("-unstable")
    found = semver.major(version)
    if suffix == ".v1" and version.startswith("v0.0.0-"):
        return  # pseudo-versions that old Go commands made of gopkg.in modules
    wanted = suffix[1:] or "v0 or v1"
    fits = found == wanted if suffix else found in {"v0", "v1"}
    if not fits and (suffix or not version.endswith(semver.INCOMPATIBLE)):
        raise UserError(
            f"version {version} does not fit the module path {path}: it should be {wanted}",
            remedy=f"end the module path in /{found}, or choose another version.",
        )


def escape_path(path: str) -> str:
    """Return the path as file systems and the proxy protocol have it: ``!a`` for ``A``.

    Raises UserError for an invalid path (https://go.dev/ref/mod#goproxy-protocol).
    """
    check_path(path)
    return _escape(path)


def unescape_path(escaped: str) -> str:
    """Return the path that was escaped; raises UserError for what no escaping gives."""
    path = _unescape(escaped)
    check_path(path)
    return path


def escape_version(version: str) -> str:
    """Return the version (or branch, or revision) as files and URLs name it."""
    _check_version(version)
    return _escape(version)


def unescape_version(escaped: str) -> str:
    """Return the version that was escaped; raises UserError for what no escaping gives."""
    version = _unescape(escaped)
    _check_version(version)
    return version


def is_windows_device(name: str) -> bool:
    """Say whether Windows takes a file of this name for a device: con, aux.txt, com1."""
    return _WINDOWS_DEVICE.fullmatch(name.partition(".")[0]) is not None


def executable_name(import_path: str) -> str:
    """Return what ``go build -o DIR/`` calls the binary of a main package.

    It is the last element of the import path, or the one before where the last is a major
    version such as v2.
    """
    parent, _, last = import_path.rpartition("/")
    if parent and _MAJOR_ELEMENT.fullmatch(last):
        return basename(parent)
    return last


def executable_name_of_files(go_files: tuple[str, ...]) -> str:
    """Return what ``go build -o DIR/`` calls the binary of .go files given as the target.

    It is named after the first, which stands for the package ``command-line-arguments``.
    """
    return splitext(basename(go_files[0]))[0]


def _why_no_import_path(path: str, element_form: re.Pattern[str]) -> str:
    """Return what is wrong with the path, "" if nothing."""
    if path.startswith("-"):
        return "it begins with a dash"
    for element in path.split("/"):
        reason = _why_no_element(element, element_form) or _why_not_on_windows(element)
        if reason:
            return reason
    return ""


def _why_no_module_path(path: str) -> str:
    first = path.partition("/")[0]
    if "." not in first:
        return f"its first element {first!r} has no dot"
    if not _FIRST_ELEMENT.fullmatch(first):
        return f"its first element {first!r} is not a lower-case domain name"
    if any(element.startswith(".") for element in path.split("/")):
        return "one of its elements begins with a dot"
    try:
        split_path_major(path)
    except UserError:
        return "its major version is not written as /v2 or higher"
    return ""


def _why_no_element(element: str, form: re.Pattern[str]) -> str:
    if not element:
        return "it has an empty element"
    if element.endswith("."):
        return f"its element {element!r} ends in a dot"
    if not form.fullmatch(element):
        return f"its element {element!r} has a character that is not allowed"
    return ""


def _why_not_on_windows(element: str) -> str:
    short = element.partition(".")[0]
    if is_windows_device(element):
        return f"{short!r} is a device on Windows"
    if _WINDOWS_SHORT_NAME.fullmatch(short):
        return f"its element {element!r} ends in a tilde and digits"
    return ""


def _bad_major(path: str) -> UserError:
    return UserError(
        f"{path!r} does not end in a major version as module paths do",
        remedy="end it in /v2 or higher, or in .v1 and so on for gopkg.in, or in no version.",
    )


def _check_version(version: str) -> None:
    """Raise UserError unless the version can be the name of one file."""
    if is_windows_device(version) or _why_no_element(version, _VERSION_TEXT):
        raise UserError(
            f"{version!r} cannot be the version of a module",
            remedy="use a version such as v1.2.3, or a branch or tag without a slash.",
        )


def _escape(text: str) -> str:
    return _UPPER.sub(lambda match: "!" + match[0].lower(), text)


def _unescape(escaped: str) -> str:
    plain = _ESCAPED_UPPER.sub(lambda match: match[1].upper(), escaped)
    if "!" in plain or _UPPER.search(escaped):
        raise UserError(
            f"{escaped!r} is not an escaped module path or version",
            remedy="write each upper-case letter as ! and its lower-case form, as in !azure.",
        )
    return plain
