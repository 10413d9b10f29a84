"""A worker process whose builds sleep: it has the real table, engine, logs and storage.

Run as ``python -m tests.buildservice.engine.stub_worker ROOT CONNINFO LEASE SLOTS SECONDS`` (an
empty CONNINFO is for SQLite); it works until SIGTERM, after which builds have a second to end.
Builds whose key ends with "fail" fail. ROOT/journal has a line for each run of each build.
"""

import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.builds.build import Artifact, Build, Ending, State
from gobp.buildservice.engine.engine import Engine, Stopping
from gobp.buildservice.engine.opening import open_engine
from gobp.buildservice.logs.log import BuildLog
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.settings.schema import Queue, Settings, Store
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.opening import open_database
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.opening import open_store
from gobp.buildservice.storage.store import Manifest
from gobp.serving.settings.values import Duration

DRAIN_SECONDS = 1.0
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process has."""

    database: Database
    builds: BuildTable
    engine: Engine
    logs: SqlLogs
    store: ArtifactStore


def open_parts(root: Path, conninfo: str, lease: float) -> Parts:
    """Open all parts; their tables are made."""
    queue = Queue(postgresql=conninfo, lease=Duration(lease), attempts=ATTEMPTS)
    settings = Settings(queue=queue, root=str(root))
    database = open_database(queue, root)
    builds = BuildTable(database, attempts=ATTEMPTS)
    builds.prepare()
    store = open_store(Store(), root, {})
    logs = SqlLogs(database, store, limit=1_000_000)
    logs.prepare()
    engine = open_engine(settings, builds, database, logs)
    engine.prepare()
    return Parts(database, builds, engine, logs, store)


class SleepingRunner:
    """Sleeps, then publishes a file that says which run of the build it is of."""

    def __init__(self, root: Path, store: ArtifactStore, seconds: float) -> None:
        self._root = root
        self._store = store
        self._seconds = seconds
        self._journal = os.open(root / "journal", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def run(self, build: Build, log: BuildLog, stop: Stopping, /) -> Ending:
        """See Runner.run."""
        self._note("began", build)
        log.say(f"attempt {build.attempt} by {os.getpid()}")
        if stop.wait(self._seconds):
            return Ending(state=State.FAILED, message="signal: killed")
        if build.key.endswith("fail"):
            return Ending(state=State.FAILED, message="as its recipe says")
        artifact = self._put(build)
        self._note("publishes", build)
        manifest = self._store.publish(Manifest(build.id, 0, (artifact,)))
        return Ending(state=State.SUCCEEDED, artifacts=manifest.artifacts)

    def ended(self, build: Build, /) -> None:
        """See Runner.ended."""
        self._note("told", build)

    def _put(self, build: Build) -> Artifact:
        name = f"{build.id}.{build.attempt}.{os.getpid()}"
        file = self._root / name
        file.write_text(name)
        sha256, size = self._store.put(file)
        file.unlink()
        return Artifact(name=name, kind="archive", sha256=sha256, size=size, media_type="x/y")

    def _note(self, what: str, build: Build) -> None:
        os.write(self._journal, f"{what} {build.id} {build.attempt} {os.getpid()}\n".encode())


def main(root: str, conninfo: str, lease: str, slots: str, seconds: str) -> None:
    """Work until SIGTERM."""
    parts = open_parts(Path(root), conninfo, float(lease))
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    parts.engine.start(SleepingRunner(Path(root), parts.store, float(seconds)), int(slots))
    over.wait()
    parts.engine.stop(DRAIN_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
