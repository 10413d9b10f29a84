"""A build service for tests of pages: real builds, of modules of which it is only said."""

import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from gobp.buildservice.access.gate import Gate
from gobp.buildservice.api import v1
from gobp.buildservice.api.desk import Desk
from gobp.buildservice.api.links import Links
from gobp.buildservice.api.problems import handle_problems
from gobp.buildservice.builds.build import Artifact, Build, Ending, State
from gobp.buildservice.builds.order import ModuleSource, Order, Pin, Target
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.logs.sql_logs import SqlLogs
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
class SmallResolver:
    """Knows all modules at all versions; latest is v1.2.1; what has no v before is a branch."""

    known: bool = True

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        if "missing" in order.source.name or not self.known:
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
    logs: SqlLogs
    service: BuildService
    app: ASGIApp
    claims: dict[str, Claim] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, **settings: object) -> "SmallService":
        """Make a service below a folder, with settings as in a file."""
        made = msgspec.convert(settings, Settings)
        database = SqliteDatabase(root / "builds.db")
        builds = BuildTable(database, attempts=3)
        builds.prepare()
        store = open_store(made.store, root, {})
        logs = SqlLogs(database, store, limit=made.limits.output)
        logs.prepare()
        parts: dict[str, Any] = {"resolver": SmallResolver(), "engine": SmallEngine(builds)}
        service = BuildService(builds=builds, logs=logs, store=store, go="1.26.0", **parts)
        return cls(root, made, builds, logs, service, _app(made, service))

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

    def end(
        self, build: Build, state: State = State.SUCCEEDED, message: str = "", **more: Any
    ) -> Build:
        """Return a build that is over; one that succeeded has an archive with a program."""
        artifacts = (self._archive(build),) if state is State.SUCCEEDED else ()
        ending = Ending(state=state, message=message, artifacts=artifacts, **more)
        assert self.builds.finish(self._claim(build), ending)
        self.logs.keep(build.id)
        return self._now(build)

    def _archive(self, build: Build) -> Artifact:
        name = build.repository.rpartition("/")[2]
        target = build.order.target
        file = self.root / f"{name}_{target.goos}_{target.goarch}.tar.gz"
        program = f"#!/bin/sh\necho I am {name} {build.pin.version}\n".encode()
        with tarfile.open(file, "w:gz") as archive:
            for member, mode, content in ((name, 0o755, program), ("LICENSE", 0o644, b"free\n")):
                info = tarfile.TarInfo(member)
                info.mode, info.size = mode, len(content)
                archive.addfile(info, io.BytesIO(content))
        sha256, size = self.service.store.put(file)
        return Artifact(
            name=file.name, kind="archive", sha256=sha256, size=size, media_type="application/gzip"
        )

    def say(self, build: Build, *texts: str, level: str = "output") -> None:
        """Add lines to the log of a build."""
        writer = self.logs.writer(build.id, 1)
        for text in texts:
            writer.say(text, level)
        writer.close()

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


def _app(settings: Settings, service: BuildService) -> ASGIApp:
    """Return what pages are served by, with the part of the API that they use."""
    gate = Gate(settings.access)
    app = FastAPI()
    app.state.desk = Desk(
        service=service,
        gate=gate,
        links=Links(settings.base_path),
        targets=Targets(()),
        sources=settings.sources,
        waiting=settings.queue.waiting,
    )
    handle_problems(app)
    app.include_router(v1.router)
    app.router.routes.extend(Site(settings, service, gate).routes())

    async def below(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "root_path": settings.base_path}, receive, send)

    return below
