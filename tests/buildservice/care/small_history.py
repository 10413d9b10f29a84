"""Builds that have ended, with their logs and artifacts, for tests of what cares for them."""

from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.builds.build import Build, Ending, State
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.database import Database
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.store import Manifest
from tests.buildservice.state.build_requests import request
from tests.buildservice.storage.stores import a_file, artifact


@dataclass
class History:
    """A service's database and storage, in which builds are made as workers make them."""

    database: Database
    store: ArtifactStore
    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.builds = BuildTable(self.database, attempts=3)
        self.builds.prepare()
        self.logs = SqlLogs(self.database, self.store, limit=1_000_000)
        self.logs.prepare()

    def built(self, content: bytes, *, module: str = "example.com/m", keep: bool = True) -> Build:
        """Return a build that succeeded with one artifact."""
        made = artifact(content)
        build = self._claimed(module, content)
        self._say(build, "building")
        self.store.put(a_file(self.folder, content))
        self.store.publish(Manifest(build.id, int(build.created), (made,)))
        self._end(build, Ending(state=State.SUCCEEDED, artifacts=(made,)))
        if keep:
            self.logs.keep(build.id)
        return self._now(build)

    def failed(self, why: str) -> Build:
        """Return a build that failed."""
        build = self._claimed("example.com/broken", why.encode())
        self._say(build, why)
        self._end(build, Ending(state=State.FAILED, message=why))
        self.logs.keep(build.id)
        return self._now(build)

    def queued(self, key: str = "waits") -> Build:
        """Return a build that waits."""
        return self.builds.request(request(key)).build

    def read(self, build: Build) -> bytes:
        """Return the content of a build's artifact. Raises KeyError if it is gone."""
        return b"".join(self.store.read(build.artifacts[0].sha256))

    def texts(self, build: Build) -> list[str]:
        """Return the lines of a build's log."""
        return [line.text for line in self.logs.lines(build.id)]

    def _claimed(self, module: str, key: bytes) -> Build:
        asked = self.builds.request(request(f"{module} {key.hex()}", module=module, priority=100))
        self._claim = self.builds.claim("worker", 60)
        assert self._claim is not None
        assert self._claim.build.id == asked.build.id
        return asked.build

    def _say(self, build: Build, text: str) -> None:
        log = self.logs.writer(build.id, 1)
        log.say(text)
        log.close()

    def _end(self, build: Build, ending: Ending) -> None:
        assert self._claim is not None
        assert self.builds.finish(self._claim, ending)

    def _now(self, build: Build) -> Build:
        found = self.builds.get(build.id)
        assert found is not None
        return found
