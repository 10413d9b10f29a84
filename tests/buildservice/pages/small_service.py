"""A build service for tests of pages: real builds, of modules of which it is only said."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette

from gobp.buildservice.access.gate import Gate
from gobp.buildservice.api.desk import Desk
from gobp.buildservice.api.links import Links
from gobp.buildservice.builds.build import Artifact, Build, Ending, State
from gobp.buildservice.builds.order import ModuleSource, Order, Pin, Target
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.logs.log import Line
from gobp.buildservice.pages.site import Site
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.builds import Claim, Request, Requested
from gobp.buildservice.state.sqlite import SqliteDatabase
from gobp.buildservice.storage.opening import open_store
from tests.buildservice.pages.asking import Client

AGE = "filippo.io/age"
LINUX = Target("linux", "amd64")


@dataclass(slots=True)
class SmallLogs:
    """Logs in memory."""

    kept: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))

    def add(self, build_id: str, text: str, level: str = "output") -> None:
        lines = self.kept[build_id]
        lines.append(Line(len(lines) + 1, 1_790_000_000.0 + len(lines), level, text))

    def lines(self, build_id: str, /, *, after: int = 0, limit: int = 1000) -> list[Line]:
        return self.kept[build_id][after : after + limit]


@dataclass(frozen=True, slots=True)
class SmallResolver:
    """Knows all modules at all versions; latest is v1.2.1; what has no v before is a branch."""

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        if "missing" in order.source.name:
            raise NotResolvedError(404, f"there is no {order.source.name}")
        if order.target.goos == "plan10":
            raise NotResolvedError(400, "plan10/amd64 is no platform of Go's")
        version = "v1.2.1" if order.ref == "latest" else order.ref
        return order, Pin(version=version, h1=f"h1:{version}", moving=not version.startswith("v"))


@dataclass(frozen=True, slots=True)
class SmallEngine:
    """Queues builds; nobody works."""

    builds: BuildTable

    def request(self, request: Request, /) -> Requested:
        return self.builds.request(request)


@dataclass(frozen=True, slots=True)
class SmallService:
    """A service, and what tests do with it beside what its clients can."""

    root: Path
    settings: Settings
    builds: BuildTable
    logs: SmallLogs
    service: BuildService
    app: Starlette
    claims: dict[str, Claim] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, **settings: object) -> "SmallService":
        """Make a service below a folder, with settings as in a file."""
        made = msgspec.convert(settings, Settings)
        database = SqliteDatabase(root / "builds.db")
        builds = BuildTable(database, attempts=3)
        builds.prepare()
        logs = SmallLogs()
        parts: dict[str, Any] = {
            "resolver": SmallResolver(),
            "builds": builds,
            "engine": SmallEngine(builds),
            "logs": logs,
        }
        service = BuildService(**parts, store=open_store(made.store, root, {}), go="1.26.0")
        gate = Gate(made.access)
        app = Starlette(routes=Site(made, service, gate).routes())
        app.state.desk = Desk(
            service=service,
            gate=gate,
            links=Links(made.base_path),
            targets=Targets(()),
            sources=made.sources,
            waiting=made.queue.waiting,
        )
        return cls(root, made, builds, logs, service, app)

    def with_settings(self, **settings: object) -> "SmallService":
        """Return a service with the same builds and other settings."""
        return SmallService.of(self.root, **settings)

    def client(self, token: str = "") -> Client:
        """Return somebody who asks, with a token perhaps."""
        return Client(self.app, token)

    def queued(self, repository: str = AGE, version: str = "v1.2.1", **more: Any) -> Build:
        """Return a new build that waits."""
        order = Order(source=ModuleSource(repository), ref=version, target=LINUX, **more)
        return self.queue(order)

    def queue(self, order: Order, who: str = "192.0.2.1") -> Build:
        """Return a new build of an order."""
        order, pin = self.service.resolver.resolve(order)
        key = f"{order.source.name} {pin.version} {order.target} {order.package} {order.tags}"
        return self.builds.request(Request(key=key, order=order, pin=pin, who=who)).build

    def run(self, build: Build) -> Build:
        """Return a build once it runs."""
        self._claim(build)
        return self._now(build)

    def end(self, build: Build, state: State = State.SUCCEEDED, message: str = "") -> Build:
        """Return a build that is over; one that succeeded has an archive."""
        claim = self._claim(build)
        name = f"{build.repository.rpartition('/')[2]}_linux_amd64.tar.gz"
        archive = Artifact(
            name=name,
            kind="archive",
            sha256="ab" * 32,
            size=4_200_000,
            media_type="application/gzip",
        )
        artifacts = (archive,) if state is State.SUCCEEDED else ()
        ending = Ending(state=state, message=message, artifacts=artifacts)
        assert self.builds.finish(claim, ending)
        return self._now(build)

    def _claim(self, build: Build) -> Claim:
        """Give a build to a worker, if none has it yet, whatever else waits before it."""
        if build.id in self.claims:
            return self.claims[build.id]
        others: list[Claim] = []
        try:
            while claim := self.builds.claim(f"worker {len(others)} of {build.id}", 600):
                if claim.build.id == build.id:
                    return self.claims.setdefault(build.id, claim)
                others.append(claim)
            raise AssertionError(f"{build.id} does not wait")
        finally:
            for other in others:
                self.builds.give_back(other)

    def _now(self, build: Build) -> Build:
        now = self.builds.get(build.id)
        assert now
        return now
