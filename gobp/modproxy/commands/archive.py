"""The archive in which modules go over an air gap: a tar whose first file lists all others."""

from pathlib import Path

import msgspec

from gobp.errors import UserError
from gobp.golang.modzip import MOST_BYTES, MOST_GO_MOD_BYTES
from gobp.modproxy.protocol.requests import (
    Kind,
    ModuleFile,
    NotOfTheProtocolError,
    SumdbFile,
    parse_request,
)
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees

MANIFEST = "gobp-modules.json"
FORMAT = "gobp-modules/1"
MOST_MANIFEST_BYTES = 256 * 1024 * 1024


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file: its path in the archive, bytes, SHA-256 in hex, and h1: if it is a zip or .mod."""

    path: str
    size: int
    sha256: str
    h1: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the archive holds, in its order."""

    format: str
    files: tuple[Entry, ...]


def encoded(entries: tuple[Entry, ...]) -> bytes:
    """Return the manifest's file, with a line for each file."""
    lines = b",\n".join(map(msgspec.json.encode, entries))
    return b'{"format":"%s","files":[\n%s\n]}\n' % (FORMAT.encode(), lines)


def decoded(content: bytes, *, source: str) -> Manifest:
    """Return the manifest in a file's content. Raises UserError, which names the ``source``."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise bad_archive(source, f"its {MANIFEST} cannot be read: {error}") from None
    if manifest.format != FORMAT:
        raise bad_archive(source, f"its format is {manifest.format!r}, not {FORMAT}")
    if len({entry.path for entry in manifest.files}) != len(manifest.files):
        raise bad_archive(source, "it lists a file twice")
    return manifest


def place(trees: Trees, entry: Entry, *, source: str) -> tuple[ModuleTree, ModuleFile | SumdbFile]:
    """Return the tree and the file that an entry is for. Raises UserError for what is none."""
    name, _, path = entry.path.partition("/")
    tree = {"public": trees.public, "private": trees.private}.get(name)
    try:
        request = parse_request(path)
    except NotOfTheProtocolError as error:
        raise bad_archive(source, f"{entry.path!r} is no file of a tree: {error}") from None
    if tree is None or not isinstance(request, (ModuleFile, SumdbFile)) or request.path != path:
        raise bad_archive(source, f"{entry.path!r} is no file of a tree")
    is_zip = isinstance(request, ModuleFile) and request.kind is Kind.ZIP
    if not 0 <= entry.size <= (MOST_BYTES if is_zip else MOST_GO_MOD_BYTES):
        raise bad_archive(source, f"{entry.path} has a size of {entry.size} bytes")
    return tree, request


def bad_archive(source: str, reason: str) -> UserError:
    """Return the error for an archive that is not to be used."""
    return UserError(
        f"{source} is no archive of modules that can be imported: {reason}",
        remedy="copy it here again, or export it anew with `gobp modules export`.",
    )


def is_compressed(file: Path) -> bool:
    """Say whether an archive of this name is compressed. Raises UserError for another name."""
    if file.name.endswith((".tar.gz", ".tgz")):
        return True
    if file.suffix == ".tar":
        return False
    raise UserError(f"{file} is no name for an archive", remedy="end it in .tar or .tar.gz.")
