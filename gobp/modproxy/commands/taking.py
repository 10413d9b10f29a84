"""Take a file from elsewhere into a tree: checked, then published, and nothing is overwritten."""

from pathlib import Path

from gobp.golang.dirhash import go_mod_hash
from gobp.golang.note import NoteError
from gobp.modproxy.commands.damage import damage_of, damage_of_sums
from gobp.modproxy.commands.sums_needed import Lookup
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.requests import Kind, ModuleFile, SumdbFile
from gobp.modproxy.tree.module_tree import ChangedVersionError, ModuleTree


class RefusedFileError(Exception):
    """A file is not taken; the text says why."""


def take_file(
    tree: ModuleTree, file: ModuleFile, temporary: Path, zip_hash: ZipHash, *, expected: str = ""
) -> bool:
    """Publish a file of a version that is in the tree's folder for unfinished files.

    Return False if the same was there. ``expected`` is its h1: hash, where that is known. Raises
    RefusedFileError and, for a zip that breaks the rules, SourceError.
    """
    if file.kind is Kind.ZIP:
        return _take_zip(tree, file, temporary, zip_hash(temporary, file), expected)
    damage = damage_of(file, temporary)
    if damage:
        raise RefusedFileError(damage)
    content = temporary.read_bytes()
    if file.kind is Kind.MOD:
        _check_hash(tree, file, go_mod_hash(content), expected)
    new = tree.publish(temporary, tree.path_of(file))
    if not new and file.kind is Kind.MOD and tree.path_of(file).read_bytes() != content:
        raise RefusedFileError("the tree has another file, with another hash")
    return new


def take_sums(tree: ModuleTree, file: SumdbFile, temporary: Path) -> bool:
    """Publish a file of a checksum database; return False if the tree has it or a newer one.

    Raises RefusedFileError.
    """
    content = temporary.read_bytes()
    damage = damage_of_sums(file, content)
    if damage:
        raise RefusedFileError(damage)
    path = tree.root / file.path
    if tree.publish(temporary, path):
        return True
    here = path.read_bytes()
    if file.file.startswith("lookup/"):
        return _renew_lookup(tree, path, here, content)
    if file.file.startswith("tile/") and here != content:
        raise RefusedFileError("the tree has another tile")
    return False


def _take_zip(tree: ModuleTree, file: ModuleFile, temporary: Path, h1: str, expected: str) -> bool:
    _check_hash(tree, file, h1, expected)
    try:
        return tree.publish_zip(temporary, file, h1)
    except ChangedVersionError as error:  # another one came in this moment
        raise RefusedFileError(error.summary) from None


def _check_hash(tree: ModuleTree, file: ModuleFile, h1: str, expected: str) -> None:
    for known in (expected, tree.pinned_hash(file.module, file.version, file.kind)):
        if known not in {"", h1}:
            raise RefusedFileError(f"its hash is {h1}, but it should be {known}")


def _renew_lookup(tree: ModuleTree, path: Path, here: bytes, content: bytes) -> bool:
    """Replace a lookup by one that has the same record under a newer signed tree."""
    try:
        old, new = Lookup.parse(here), Lookup.parse(content)
    except NoteError as error:
        raise RefusedFileError(str(error)) from None
    if (old.index, old.record) != (new.index, new.record):
        raise RefusedFileError("the tree has another record")
    if new.size > old.size:
        tree.replace(path, content)
    return new.size > old.size
