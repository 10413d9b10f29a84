"""Take over a module cache by the rules of the settings."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

from gobp.golang.dirhash import go_mod_hash
from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.modproxy.commands.adopt import Adopted, adopt, cache_folder, cached_files
from gobp.modproxy.commands.indexing import tell_published
from gobp.modproxy.commands.notarise import Notarised, notarise
from gobp.modproxy.commands.outcome import Progress
from gobp.modproxy.commands.stored import Stored, in_threads
from gobp.modproxy.commands.working import working, zip_hash_of
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.sources.source import SourceError


async def adopt_cache(
    settings: Settings, cache: Path, progress: Progress, *, against_database: bool
) -> Adopted:
    """Adopt a cache (see adopt), and have the index know of it.

    With ``against_database`` only what has the hashes of the checksum database is taken. Settings
    must be complete (go_env.completed). Raises UserError for what is no cache.
    """
    folder = cache_folder(cache)
    zip_hash = zip_hash_of(settings)
    hashes: dict[ModuleFile, str] = {}
    said = Notarised(frozenset(), ())
    async with working(settings) as parts:
        if against_database:
            hashes = await asyncio.to_thread(_hashes, folder, zip_hash, progress)
            said = await notarise(parts, hashes, settings.sums.database, progress)
        work = partial(adopt, expected=hashes, left_out=said.doubtful)
        done = await asyncio.to_thread(work, parts.trees, folder, parts.router, zip_hash, progress)
    untold = await asyncio.to_thread(tell_published, settings, done.published)
    return replace(done, problems=(*said.problems, *done.problems, *untold))


def _hashes(folder: Path, zip_hash: ZipHash, progress: Progress) -> dict[ModuleFile, str]:
    """Return the hashes of the zips and .mod files of a cache, of those that have one."""
    files = [stored for stored in cached_files(folder) if stored.file.kind is not Kind.INFO]
    progress.begin("hashing files", len(files))
    hashes = in_threads(partial(_hash, zip_hash), files, progress)
    return {stored.file: h1 for stored, h1 in zip(files, hashes, strict=True) if h1}


def _hash(zip_hash: ZipHash, stored: Stored) -> str:
    try:
        if stored.file.kind is Kind.ZIP:
            return zip_hash(stored.path, stored.file)
        return go_mod_hash(stored.path.read_bytes()) if stored.size <= MOST_GO_MOD_BYTES else ""
    except (SourceError, OSError):
        return ""  # it is named when it is not taken
