"""What the trees hold: modules, their versions and sizes."""

from dataclasses import dataclass

from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.commands.stored import Stored, stored_files
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.protocol.version_list import in_order
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees


@dataclass(frozen=True, slots=True)
class Shown:
    """A module in one of the trees; ``size`` in bytes, of all its files.

    ``versions`` are those with a zip, ``only_mod`` those of which only a module graph is known.
    """

    tree: str
    module: str
    versions: tuple[str, ...]
    only_mod: tuple[str, ...]
    size: int


def show(trees: Trees, patterns: ModulePatterns | None) -> tuple[Shown, ...]:
    """Return the modules of all trees (those that the patterns match), sorted by tree and path."""
    return tuple(
        _shown(name, tree, module)
        for name, tree in named_trees(trees)
        for module in tree.modules()
        if patterns is None or patterns.match(module)
    )


def named_trees(trees: Trees) -> tuple[tuple[str, ModuleTree], ...]:
    """Return the trees with their names, which are those of their folders."""
    return (
        ("public", trees.public),
        ("private", trees.private),
        ("published", trees.published),
    )


def _shown(name: str, tree: ModuleTree, module: str) -> Shown:
    files: tuple[Stored, ...] = tuple(stored_files(tree, module))
    zipped = in_order(each.file.version for each in files if each.file.kind is Kind.ZIP)
    known = in_order(each.file.version for each in files)
    return Shown(
        tree=name,
        module=module,
        versions=zipped,
        only_mod=tuple(version for version in known if version not in set(zipped)),
        size=sum(each.size for each in files),
    )
