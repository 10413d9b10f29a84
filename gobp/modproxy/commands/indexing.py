"""Have the index know what commands did to the trees, and ask it when modules were used."""

import time
from collections.abc import Iterable

from gobp.errors import UserError
from gobp.modproxy.commands.gc import LastUsed, last_used_by_times
from gobp.modproxy.commands.outcome import Problem
from gobp.modproxy.commands.stored import Stored
from gobp.modproxy.commands.working import trees_of
from gobp.modproxy.index.index import Index, IndexUnavailableError, Published, Totals
from gobp.modproxy.index.opening import open_index
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.tree.module_tree import ModuleTree


def reindex(settings: Settings) -> Totals:
    """Make the index anew from the trees. Raises UserError if it cannot be written.

    What it knows of use stays. An index that nodes share keeps what only others have.
    """
    index = _opened(settings)
    try:
        index.rebuild(trees_of(settings), forget=not settings.cluster.postgresql)
        return index.totals()
    except IndexUnavailableError as error:
        raise UserError(
            f"the index cannot be made: {error}",
            remedy="see that its database can be reached, and the folder of the trees written to.",
        ) from error
    finally:
        index.close()


def tell_published(
    settings: Settings, files: Iterable[tuple[ModuleTree, Stored]]
) -> tuple[Problem, ...]:
    """Have the index take note of files that came into trees; return the problem, if any."""
    public = trees_of(settings).public.root
    now = time.time()
    published = [
        Published(
            stored.file,
            stored.size,
            private=tree.root != public,
            when=now,
            h1=_h1(tree, stored.file),
        )
        for tree, stored in files
    ]
    index = _opened(settings)
    try:
        index.prepare()
        index.published(published)
    except IndexUnavailableError as error:
        return (_not_told(error),)
    finally:
        index.close()
    return ()


def tell_removed(settings: Settings, files: Iterable[ModuleFile]) -> tuple[Problem, ...]:
    """Have the index forget files; return the problem, if any."""
    index = _opened(settings)
    try:
        index.prepare()
        index.remove(files)
    except IndexUnavailableError as error:
        return (_not_told(error),)
    finally:
        index.close()
    return ()


def last_used(settings: Settings) -> LastUsed:
    """Return when files were used: by the index, or of what it does not know by their times."""
    index = _opened(settings)
    try:
        index.prepare()
        known = {
            (version.module, version.version): max(version.last_used, version.published)
            for version in index.versions()
        }
    except IndexUnavailableError:
        known = {}
    finally:
        index.close()

    def used(stored: Stored) -> float:
        moment = known.get((stored.file.module, stored.file.version))
        return moment if moment is not None else last_used_by_times(stored)

    return used


def _opened(settings: Settings) -> Index:
    trees = trees_of(settings)
    trees.prepare()
    return open_index(settings, trees.public.root.parent)


def _h1(tree: ModuleTree, file: ModuleFile) -> str:
    return tree.pinned_hash(file.module, file.version) if file.kind is Kind.ZIP else ""


def _not_told(error: IndexUnavailableError) -> Problem:
    return Problem("the index", str(error), "run `gobp modules reindex`.")
