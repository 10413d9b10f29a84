"""Start one worker: its parts, its steps in their order, and what goes on beside requests."""

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.modproxy.access.audit import AuditLog, audit_log_of_worker
from gobp.modproxy.index.recorder import Recorder
from gobp.modproxy.log.records import Record, json_line, text_line
from gobp.modproxy.server.app import App
from gobp.modproxy.server.figures import Figures, FiguresFolder
from gobp.modproxy.server.journal import Journal, Watcher
from gobp.modproxy.server.modules import Modules
from gobp.modproxy.server.operations import Operations
from gobp.modproxy.server.rsgi import HttpProtocol, Scope
from gobp.modproxy.server.small_files import SmallFiles
from gobp.modproxy.server.steps import Deliveries, Pages, Uploads
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.tree.module_tree import OWN
from gobp.modproxy.worker import Worker, make_worker
from gobp.serving.draining import Draining
from gobp.serving.writer import LineWriter

_LINES = {"text": text_line, "json": json_line}
_NO_LOG = "off"
_GIVEN = frozenset({200, 206, 304})
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True, slots=True)
class Running:
    """A worker that runs: what granian calls, with what has to end when it ends."""

    app: App
    worker: Worker
    journal: Journal
    audit: AuditLog
    tasks: tuple["asyncio.Task[None]", ...]
    drain_seconds: float

    @property
    def __rsgi__(self) -> Callable[[Scope, HttpProtocol], Awaitable[None]]:
        """What granian calls for each request."""
        return self.app.__rsgi__

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Leave the terminal's Ctrl-C to the main process, which ends its workers in order."""
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let fetches end, and write what is left."""
        loop.run_until_complete(self._close())

    async def _close(self) -> None:
        await self.worker.service.drain(self.drain_seconds)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for close in self.worker.closing:
            with contextlib.suppress(OSError):
                await close()
        self.journal.close()
        self.audit.close()
        await asyncio.to_thread(self.worker.recorder.stop)


def figures_folder(settings: Settings) -> FiguresFolder:
    """Return where the workers of a server put their figures."""
    return FiguresFolder(Path(settings.root) / OWN / "figures")


async def start(settings: Settings, draining: Draining) -> Running:
    """Return a worker that runs. Raises UserError for settings that are wrong."""
    figures = Figures()
    audit = audit_log_of_worker(settings.log)
    worker = await make_worker(settings, figures.count_upstream, audit)
    small = SmallFiles(settings.limits.cached_small_files)
    journal = _journal(settings, figures, (_used(worker.recorder), audit.note))

    def now() -> dict[str, float]:
        return {**worker.now(), "small_files": len(small), "small_files_bytes": small.size}

    operations = Operations(
        access=worker.access,
        metrics_for_all=settings.access.metrics,
        root=Path(settings.root),
        draining=draining,
        figures=figures_folder(settings),
        write_figures=lambda: journal.write_figures(now()),
    )
    app = App(
        base_path=settings.base_path,
        access=worker.access,
        opens=(operations, Deliveries(worker.webhook, small)),
        steps=(
            Uploads(worker.upload, small),
            Pages(worker.site, settings.base_path),
            Modules(worker.service, worker.router, worker.access),
        ),
        small=small,
        journal=journal,
        changing_seconds=settings.fresh.list,
    )
    tasks = (asyncio.ensure_future(journal.run(now)), asyncio.ensure_future(_end_with_parent()))
    gc.collect()
    gc.freeze()  # what is there now stays: to look through it again would only hold requests up
    return Running(app, worker, journal, audit, tasks, settings.drain)


def _journal(settings: Settings, figures: Figures, watchers: Sequence[Watcher]) -> Journal:
    target = settings.log.requests
    return Journal(
        figures,
        figures_folder(settings),
        line=_LINES[settings.log.format],
        writer=None if target == _NO_LOG else LineWriter(target),
        watchers=watchers,
    )


def _used(recorder: Recorder) -> Watcher:
    """Return what has the index take note of who was given which version."""

    def watch(records: Sequence[Record]) -> None:
        for record in records:
            if record.file is not None and record.status in _GIVEN:
                who = record.user or record.client
                recorder.used(record.file.module, record.file.version, who, record.origin)

    return watch


async def _end_with_parent() -> None:
    """Stop this worker when the main process is gone: nobody would start or stop it any more."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 # a process that dies sets no event
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)
