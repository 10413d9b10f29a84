"""A build service for tests of its API: the real table, logs and storage; nobody builds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any, cast

import msgspec
import requests
from schemathesis.python.asgi import get_client
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from gobp.buildservice.access.gate import Gate
from gobp.buildservice.api.app import make_app
from gobp.buildservice.builds.build import Artifact, Build, Ending, State
from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Pin, Target
from gobp.buildservice.engine.engine import Runner
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.service import Asker, BuildService
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.builds import Claim, Request, Requested
from gobp.buildservice.state.sqlite import SqliteDatabase
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.opening import open_store
from gobp.buildservice.storage.store import Manifest
from gobp.serving.draining import Draining

GO = "1.26.0"
HEY = "git.example/rakyll/hey"
HEY_PATH = "/git.example/rakyll/hey/linux/amd64/v1.0.0"
COMMIT = "1234567890" * 4
BRANCH_COMMIT = "abcdef0123" * 4
ARCHIVE = b"an archive of a program, of which only the bytes matter" * 100


@dataclass
class KnownRefs:
    """A Resolver that knows v1.0.0 and main of every repository; ``down`` is its upstream."""

    down: bool = False
    asked: int = 0

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        self.asked += 1
        if self.down:
            raise NotResolvedError(503, "git.example does not answer")
        if order.target.goos == "plan10":
            raise NotResolvedError(400, "Go builds for no platform 'plan10/amd64'")
        if order.source.name.endswith("missing"):
            raise NotResolvedError(404, f"there is no {order.source.name}")
        match order.ref, order.source:
            case ("v1.0.0" | "cmd/v1.0.0", ModuleSource()):
                return order, Pin(version=order.ref, h1="h1:x")
            case ("v1.0.0" | "cmd/v1.0.0", GitSource()):
                return order, Pin(version=order.ref, commit=COMMIT)
            case "main", _:
                return order, Pin(version="main", commit=BRANCH_COMMIT, moving=True)
            case "latest", ModuleSource():
                return order, Pin(version="v1.0.0", h1="h1:x", moving=True)
            case "latest", _:
                return order, Pin(version="v1.0.0", commit=COMMIT, moving=True)
            case commit, _ if commit in {COMMIT, BRANCH_COMMIT}:
                return order, Pin(version=commit, commit=commit)
        raise NotResolvedError(404, f"{order.source.name} has no version {order.ref}")


@dataclass(frozen=True)
class QueueOnly:
    """An Engine of which nobody works."""

    builds: BuildTable

    def prepare(self) -> None:
        raise NotImplementedError

    def request(self, request: Request, /) -> Requested:
        return self.builds.request(request)

    def start(self, runner: Runner, slots: int, /) -> None:
        raise NotImplementedError

    def stop(self, seconds: float, /) -> None:
        raise NotImplementedError

    @property
    def running(self) -> int:
        return 0


class Soon:
    """Does something half a second after its block has begun, and waits for it at its end."""

    def __init__(self, do: Callable[[], object]) -> None:
        self._timer = Timer(0.5, do)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.join()


@dataclass(frozen=True)
class Reply:
    status: int
    text: str


class Hooks:
    """A Receiver that says what it was given."""

    def receive(self, name: str, headers: Any, body: bytes, /) -> Reply:
        return Reply(202, f"{name} {headers.get('x-github-event')} {len(body)}")


class Page:
    """A Site of one page."""

    def routes(self) -> list[Route]:
        return [Route("/", lambda _: PlainTextResponse("page", headers={"x-frame-options": "X"}))]


@dataclass
class ApiService:
    """A service, and what tests do with it beside what its clients can."""

    root: Path
    settings: Settings
    resolver: KnownRefs = field(default_factory=KnownRefs)
    draining: Draining = field(default_factory=Draining)
    own_store: ArtifactStore | None = None
    app: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        self.database = SqliteDatabase(self.root / "builds.db")
        self.builds = BuildTable(self.database, attempts=3)
        self.builds.prepare()
        self.store = self.own_store or open_store(self.settings.store, self.root, {})
        self.logs = SqlLogs(self.database, self.store, limit=1_000_000)
        self.logs.prepare()
        engine = QueueOnly(self.builds)
        self.service = BuildService(self.resolver, self.builds, engine, self.logs, self.store, GO)
        gate = Gate(self.settings.access)
        self.app = make_app(self.settings, self.service, gate, Hooks(), Page(), self.draining)

    @classmethod
    def of(cls, root: Path, store: ArtifactStore | None = None, **settings: Any) -> "ApiService":
        """Make a service below a folder, with settings as in a file, perhaps with this storage."""
        document = {
            "root": str(root),
            "sources": {"git": [{"host": "git.example"}]},
            "log": {"requests": "off"},
            **settings,
        }
        return cls(root, msgspec.convert(document, Settings), own_store=store)

    def client(self, token: str = "") -> requests.Session:
        """Return somebody who asks, with a token perhaps."""
        client = get_client(cast("Any", self.app))
        if token:
            client.headers["authorization"] = f"Bearer {token}"
        return client

    def queued(self, repository: str = HEY, ref: str = "v1.0.0", who: str = "ci") -> Build:
        """Return a build that waits."""
        host, _, path = repository.partition("/")
        order = Order(source=GitSource(host, path), ref=ref, target=Target("linux", "amd64"))
        return self.service.order([order], Asker(who))[0].build

    def run(self, build: Build) -> Claim:
        """Return the claim of a worker that has a build now."""
        others: list[Claim] = []
        try:
            while claim := self.builds.claim(f"{len(others)} {build.id}", 600):
                if claim.build.id == build.id:
                    return claim
                others.append(claim)
        finally:
            for other in others:
                self.builds.give_back(other)
        raise AssertionError(f"{build.id} does not wait")

    def end(self, build: Build, state: State = State.SUCCEEDED, message: str = "") -> Build:
        """Return a build that is over; one that succeeded has an archive and an SBOM."""
        claim = self.run(build)
        artifacts = self._artifacts(build) if state is State.SUCCEEDED else ()
        ending = Ending(state=state, message=message, artifacts=artifacts)
        assert self.builds.finish(claim, ending)
        over = self.builds.get(build.id)
        assert over is not None
        return over

    def built(self, repository: str = HEY, ref: str = "v1.0.0", who: str = "ci") -> Build:
        """Return a build that has succeeded."""
        return self.end(self.queued(repository, ref, who))

    @contextmanager
    def writing(self, build: Build) -> Iterator[Any]:
        """Give the log of a build to write to."""
        log = self.logs.writer(build.id, 1)
        yield log
        log.close()

    def _artifacts(self, build: Build) -> tuple[Artifact, ...]:
        name = build.repository.rpartition("/")[2]
        files = {
            f"{name}_linux_amd64.tar.gz": ("archive", "application/gzip", ARCHIVE),
            f"{name}.cdx.json": ("sbom", "application/vnd.cyclonedx+json", b"{}"),
        }
        artifacts = []
        for file_name, (kind, media_type, content) in files.items():
            file = self.root / file_name
            file.write_bytes(content)
            sha256, size = self.store.put(file)
            artifacts.append(
                Artifact(name=file_name, kind=kind, sha256=sha256, size=size, media_type=media_type)
            )
        self.store.publish(Manifest(build.id, 1, tuple(artifacts)))
        return tuple(artifacts)
