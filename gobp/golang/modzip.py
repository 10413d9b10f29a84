"""Which files a module zip may hold, and which files of a repository belong in one.

The rules are those of https://go.dev/ref/mod#zip-files and of golang.org/x/mod/zip.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from posixpath import basename, dirname, normpath
from unicodedata import category

from gobp.golang.module import is_windows_device

MOST_BYTES = 500 * 1024 * 1024  # of a zip, and of all of its files together
MOST_GO_MOD_BYTES = 16 * 1024 * 1024
MOST_LICENSE_BYTES = 16 * 1024 * 1024

_GO_LINE = re.compile(
    r'^[ \t]*go[ \t]+"?v?([1-9][0-9]*)\.(0|[1-9][0-9]*)(?:[^0-9\n].*)?$', re.ASCII | re.MULTILINE
)
_VENDOR_RULE_PUT_RIGHT = (1, 24)  # https://go.dev/issue/37397
_PUNCTUATION = frozenset("!#$%&()+,-.=@[]^_{}~ ")
_GO_MOD_CASE = "a go.mod file has a name in lower case"


class FileKind(Enum):
    """What an entry of a repository is; only regular files get into zips."""

    REGULAR = auto()
    SYMLINK = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """A file by its path below the root of the module; ``size`` is in bytes."""

    path: str
    size: int
    kind: FileKind = FileKind.REGULAR


@dataclass(frozen=True, slots=True)
class Misfit:
    """A file that does not belong in a module zip, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Each file belongs in the zip, or is left out as a matter of course, or may not be there.

    ``too_large`` says that all of them together are, "" if not.
    """

    valid: tuple[str, ...]
    omitted: tuple[Misfit, ...]
    invalid: tuple[Misfit, ...]
    too_large: str = ""

    @property
    def problem(self) -> str:
        """The first reason for which no zip can be made, or used; "" if there is none."""
        return self.too_large or (str(self.invalid[0]) if self.invalid else "")


def check_zip(module: str, version: str, entries: Iterable[tuple[str, int]]) -> Verdict:
    """Return which entries of a zip, given as name and declared size in bytes, keep the rules.

    ``valid`` names files only: folders may be in a zip, but are nothing.
    """
    prefix = f"{module}@{version}/"
    names = _Names()
    sizes = _Sizes("the files of the zip")
    valid, invalid = [], []
    for entry, size in entries:
        name = entry.removeprefix(prefix)
        if name == entry:
            invalid.append(Misfit(entry, f"its name does not begin with {prefix}"))
        elif name:
            is_folder = name.endswith("/")
            path = name[:-1] if is_folder else name
            reason = _why_not_named(path) or names.add(path, is_folder=is_folder)
            if not is_folder:
                reason = reason or _why_no_go_mod(path) or sizes.add(path, size)
            if reason:
                invalid.append(Misfit(entry, reason))
            elif not is_folder:
                valid.append(entry)
    return Verdict(tuple(valid), (), tuple(invalid), sizes.problem)


def choose_files(files: Sequence[RepositoryFile], go_mod: str) -> Verdict:
    """Return which files of a repository, or of a folder in it, belong in the module's zip.

    ``go_mod`` is the text of the module's go.mod file, "" if it has none: its ``go`` line says
    which rule holds for vendored packages.
    """
    choice = _Choice(_nested_modules(files), language_version(go_mod))
    sizes = _Sizes("the files of the module")
    valid, omitted, invalid = [], [], []
    for file in files:
        left_out = choice.why_left_out(file)
        reason = left_out or choice.why_not(file)
        if not reason and file.kind is not FileKind.REGULAR:
            left_out = reason = "it is no regular file"
        reason = reason or sizes.add(file.path, file.size)
        if left_out:
            omitted.append(Misfit(file.path, left_out))
        elif reason:
            invalid.append(Misfit(file.path, reason))
        else:
            valid.append(file.path)
    return Verdict(tuple(valid), tuple(omitted), tuple(invalid), sizes.problem)


def language_version(go_mod: str) -> tuple[int, int]:
    """Return the version of the language that a go.mod file asks for, (0, 0) if it has none.

    It is read as the go command does of dependencies: whatever else stands in the file.
    """
    match = _GO_LINE.search(go_mod)
    return (int(match[1]), int(match[2])) if match else (0, 0)


class _Choice:
    """The rules for files of one module."""

    def __init__(self, nested: frozenset[str], language: tuple[int, int]) -> None:
        self._nested = nested
        self._language = language
        self._names = _Names()

    def why_left_out(self, file: RepositoryFile) -> str:
        """Return why the file stays out of the zip as a matter of course, "" if it does not."""
        if _why_unclean(file.path):
            return ""
        if _is_vendored(file.path, self._language):
            return "it is in a vendor folder"
        if any(folder in self._nested for folder in _folders_of(file.path)):
            return "it is in another module"
        if file.path == ".hg_archival.txt":
            return "it is made by hg archive"
        return ""

    def why_not(self, file: RepositoryFile) -> str:
        """Return why no zip can be made with the file, "" if one can."""
        path = file.path
        if path.lower() == "go.mod" != path:
            return _GO_MOD_CASE
        return _why_not_named(path) or self._names.add(path, is_folder=False)


class _Names:
    """Finds names that are the same where upper and lower case are."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, bool]] = {}

    def add(self, path: str, *, is_folder: bool) -> str:
        """Take a path and the folders above it; return why it cannot be, "" if it can."""
        while path:
            known, was_folder = self._seen.get(fold(path), ("", is_folder))
            if not known:
                self._seen[fold(path)] = (path, is_folder)
            elif known != path:
                return f"{known} and {path} are the same where upper and lower case are"
            elif was_folder != is_folder:
                return f"{path} is both a file and a folder"
            elif not is_folder:
                return "there are several files of this name"
            else:
                return ""  # so are the folders above it
            path, is_folder = dirname(path), True
        return ""


class _Sizes:
    """Adds up sizes."""

    def __init__(self, what: str) -> None:
        self._left = MOST_BYTES
        self._what = what
        self.problem = ""

    def add(self, path: str, size: int) -> str:
        """Take the size of a file; return why it is too large in itself, "" if it is not."""
        if 0 <= size <= self._left:
            self._left -= size
        else:
            self.problem = f"{self._what} are larger than {MOST_BYTES} bytes"
        if path == "go.mod" and size > MOST_GO_MOD_BYTES:
            return f"a go.mod file is no larger than {MOST_GO_MOD_BYTES} bytes"
        if path == "LICENSE" and size > MOST_LICENSE_BYTES:
            return f"a LICENSE file is no larger than {MOST_LICENSE_BYTES} bytes"
        return ""


def fold(text: str) -> str:
    """Return what is equal for texts that differ in upper and lower case only.

    Other than for ``str.casefold`` a character stands for one character, as in Go's EqualFold.
    """
    return text.lower() if text.isascii() else "".join(map(_fold_character, text))


def _fold_character(character: str) -> str:
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def _nested_modules(files: Iterable[RepositoryFile]) -> frozenset[str]:
    """Return the folders that are modules of their own, as their go.mod files show."""
    return frozenset(
        dirname(file.path)
        for file in files
        if fold(basename(file.path)) == "go.mod" and file.kind is FileKind.REGULAR
    ) - {""}


def _folders_of(path: str) -> Iterable[str]:
    """Yield the folders that a file is in, the root not among them."""
    while path := dirname(path):
        yield path


def _is_vendored(path: str, language: tuple[int, int]) -> bool:
    """Say whether a file belongs to a vendored package; files right in vendor/ do not."""
    put_right = language >= _VENDOR_RULE_PUT_RIGHT
    if put_right and path == "vendor/modules.txt":
        return True
    if path.startswith("vendor/"):
        return "/" in path.removeprefix("vendor/")
    _, vendor, below = path.partition("/vendor/")
    if not vendor:
        return False
    # Old versions looked at the wrong part of the path, and the hashes of old modules rest on it.
    return "/" in (below if put_right else path[len(vendor) :])


def _why_no_go_mod(path: str) -> str:
    """Return what is wrong with a go.mod file of a zip, "" for a right one and for other files."""
    if fold(basename(path)) != "go.mod" or path == "go.mod":
        return ""
    if basename(path) == path:
        return _GO_MOD_CASE
    return "a go.mod file is at the root of its module"


def _why_unclean(path: str) -> str:
    return "" if path == normpath(path) and not path.startswith("/") else "it is no clean path"


def _why_not_named(path: str) -> str:
    """Return why no file of a module can have the path, "" if one can."""
    if _why_unclean(path):
        return _why_unclean(path)
    for element in path.split("/"):
        reason = _why_no_element(element)
        if reason:
            return reason
    return ""


def _why_no_element(element: str) -> str:
    if element.endswith("."):
        return "an element of its path ends in a dot"
    if not all(map(_is_allowed, element)):
        return "a character of its path is not allowed"
    if is_windows_device(element):
        return f"{element} is a device on Windows"
    return ""


def _is_allowed(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in _PUNCTUATION
    return category(character).startswith("L")
