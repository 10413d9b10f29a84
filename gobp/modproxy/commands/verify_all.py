"""Verify the trees by the rules of the settings, and by the checksum database if that is asked."""

import asyncio
from dataclasses import replace

from gobp.modproxy.commands.indexing import tell_removed
from gobp.modproxy.commands.notarise import notarise
from gobp.modproxy.commands.outcome import Progress
from gobp.modproxy.commands.verify import Damaged, Verified, put_aside, verify
from gobp.modproxy.commands.working import trees_of, working, zip_hash_of
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.settings.schema import Settings


def verify_all(
    settings: Settings, progress: Progress, *, against_database: bool, fix: bool
) -> Verified:
    """Verify all files (see verify); those that are put aside are no longer in the index.

    Settings must be complete (go_env.completed) for ``against_database``.
    """
    done = verify(trees_of(settings), zip_hash_of(settings), fix=fix, progress=progress)
    if against_database:
        done = asyncio.run(_compared(settings, done, progress, fix=fix))
    gone = [each.file for each in done.aside if isinstance(each.file, ModuleFile)]
    untold = tell_removed(settings, gone) if gone else ()
    return replace(done, problems=(*done.problems, *untold))


async def _compared(
    settings: Settings, done: Verified, progress: Progress, *, fix: bool
) -> Verified:
    async with working(settings) as parts:
        hashes = {stored.file: h1 for stored, h1 in done.hashes}
        said = await notarise(parts, hashes, settings.sums.database, progress)
        tree = parts.trees.public
        wrong = [Damaged(tree, tree.path_of(file), "", file) for file in said.doubtful]
        for bad in wrong if fix else ():
            put_aside(parts.trees, bad)
    aside = (*done.aside, *(wrong if fix else ()))
    return replace(done, problems=(*done.problems, *said.problems), aside=aside)
