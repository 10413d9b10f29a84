"""The parts of a server, put to work by a command without a server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gobp.modproxy.access.audit import audit_log_now_and_then
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.routing import Router
from gobp.modproxy.settings.schema import Mode, Published, Rule, Settings
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import read_zip_hash, zip_hash
from gobp.modproxy.worker import make_worker
from gobp.serving.settings.values import Size

_DRAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Working:
    """What a command needs of a worker."""

    service: ModuleService
    router: Router
    trees: Trees


def trees_of(settings: Settings) -> Trees:
    """Return the trees that the settings name."""
    return Trees.below(Path(settings.root), durable=settings.durable)


def zip_hash_of(settings: Settings) -> ZipHash:
    """Return how zips are checked and hashed."""
    return zip_hash if settings.check_zips else read_zip_hash


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Working]:
    """Give the parts of a worker that fetches whatever the settings say of what is not there.

    Settings must be complete (go_env.completed). Raises UserError for settings that are wrong.
    """
    audit = audit_log_now_and_then(settings.log)
    worker = await make_worker(fetching_at_once(settings), lambda *_: None, audit)
    seconds = 0.0  # whoever interrupts a command does not want to wait
    try:
        yield Working(worker.service, worker.router, trees_of(settings))
        seconds = _DRAIN_SECONDS
    finally:
        await worker.service.drain(seconds)
        for close in worker.closing:
            await close()
        await asyncio.to_thread(worker.recorder.stop)


def fetching_at_once(settings: Settings) -> Settings:
    """Return settings by which a file is fetched where a server would send its clients away.

    What may be fetched from nowhere stays so. The published tree is as servers have left it.
    """
    rules = tuple(msgspec.structs.replace(rule, mode=_mode(rule)) for rule in settings.rules)
    return msgspec.structs.replace(
        settings,
        mode=settings.mode if settings.mode is Mode.CACHED_ONLY else Mode.SYNC,
        rules=rules,
        published=Published(),
        store=msgspec.structs.replace(settings.store, redirect_above=Size(0)),
    )


def _mode(rule: Rule) -> Mode | None:
    return rule.mode if rule.mode in {None, Mode.CACHED_ONLY} else Mode.SYNC
