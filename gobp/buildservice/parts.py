"""The parts of the service, made from its settings: the one place that knows all of them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.builds.build import Build
from gobp.buildservice.care.retention import Retention
from gobp.buildservice.engine.opening import open_engine
from gobp.buildservice.hooks.callbacks import Callbacks
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.proof.prover import Prover
from gobp.buildservice.recipes.opening import open_recipes
from gobp.buildservice.resolving.opening import open_resolver
from gobp.buildservice.rounds import Round, Rounds
from gobp.buildservice.runner import BuildRunner
from gobp.buildservice.sandbox.opening import open_sandbox
from gobp.buildservice.sandbox.sandbox import Limits
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.sources.opening import open_fetcher
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.database import Database, DatabaseError
from gobp.buildservice.state.opening import open_database
from gobp.buildservice.storage.opening import open_store
from gobp.errors import UserError

_SWEEP_SECONDS = 30.0
_CALLBACK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """A service that is put together, and what goes on beside it."""

    settings: Settings
    database: Database
    service: BuildService
    callbacks: Callbacks

    @property
    def root(self) -> Path:
        """The folder of everything that is kept."""
        return Path(self.settings.root)

    def rounds(self, *more: Round) -> Rounds:
        """Return what is done beside requests and builds: any number of processes may do it."""
        queue, keep = self.settings.queue, self.settings.keep
        service = self.service
        retention = Retention(keep, service.builds, service.logs, service.store, self.database)

        def sweep() -> None:  # where no worker runs that would
            service.builds.sweep(queue_seconds=queue.waits)

        return Rounds(
            (
                Round("sweeping the queue", _SWEEP_SECONDS, sweep),
                Round("telling of builds", _CALLBACK_SECONDS, self.callbacks.run_once),
                Round("removing what is kept no longer", keep.every, retention.run_once),
                *more,
            )
        )

    def ended(self, build: Build) -> None:
        """Do what is done after the end of each build."""
        self.service.logs.keep(build.id)
        self.callbacks.ended(build)

    def runner(self, env: Mapping[str, str]) -> BuildRunner:
        """Return what does builds. Raises UserError where the sandbox does not work here."""
        settings, root = self.settings, self.root
        sandbox = open_sandbox(settings, env, root)
        return BuildRunner(
            fetcher=open_fetcher(settings, env, root),
            recipes=open_recipes(settings, sandbox, env, root),
            store=self.service.store,
            prover=Prover(settings, root, env),
            limits=limits_of(settings),
            largest=settings.limits.artifact,
            level=sandbox.level,
            folder=root / "work",
            after=self.ended,
        )

    def slots(self) -> int:
        """Return how many builds one process does at the same time."""
        return self.settings.queue.slots or max(1, (os.cpu_count() or 1) // 2)


def make_parts(settings: Settings, env: Mapping[str, str]) -> Parts:
    """Put the service together. ``settings.go`` must be known. Raises UserError."""
    try:
        return _made(settings, env)
    except DatabaseError as error:
        raise UserError(
            f"the database of builds cannot be used: {error}",
            remedy="see that it runs and that this user may use it (queue.postgresql, root).",
        ) from None


def _made(settings: Settings, env: Mapping[str, str]) -> Parts:
    root = Path(settings.root)
    database = open_database(settings.queue, root)
    builds = BuildTable(database, attempts=settings.queue.attempts)
    builds.prepare()
    store = open_store(settings.store, root, env)
    logs = SqlLogs(database, store, limit=settings.limits.output)
    logs.prepare()
    engine = open_engine(settings, builds, database, logs)
    engine.prepare()
    service = BuildService(
        resolver=open_resolver(settings, env, settings.go),
        builds=builds,
        engine=engine,
        logs=logs,
        store=store,
        go=settings.go,
    )
    return Parts(settings, database, service, Callbacks(settings, database))


def limits_of(settings: Settings) -> Limits:
    """Return what one build may use."""
    limits = settings.limits
    return Limits(
        memory=limits.memory,
        processes=limits.processes,
        disk=limits.disk,
        file=limits.disk,
        output=limits.output,
        seconds=limits.timeout,
    )
