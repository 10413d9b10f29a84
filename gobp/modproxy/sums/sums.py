"""The checksum databases of a server, put together from its settings."""

from collections.abc import Callable

from gobp.golang.patterns import ModulePatterns
from gobp.golang.sumdb import parse_gosumdb
from gobp.modproxy.settings.schema import Sums
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.sums.notary import SumdbNotary
from gobp.modproxy.sums.source import DatabaseSource
from gobp.modproxy.tree.module_tree import ModuleTree


def open_sums(
    settings: Sums,
    *,
    tree: ModuleTree,
    sources: Sources,
    is_private: Callable[[str], bool],
) -> tuple[SumdbNotary, DatabaseFiles]:
    """Return what verifies downloads, and what answers clients for databases.

    ``settings.database`` is complete; of modules that are private, or not listed, no client's
    lookup is passed on. Raises UserError.
    """
    database = parse_gosumdb(settings.database)
    own = (database.name,) if database is not None else ()
    unlisted = ModulePatterns.parse(settings.unlisted, source="sums.unlisted")
    files = DatabaseFiles(
        tree,
        DatabaseSource(settings, sources),
        frozenset((*own, *settings.proxied)),
        is_private=lambda module: unlisted.match(module) or is_private(module),
    )
    return SumdbNotary(settings.database, files, settings.unlisted), files
