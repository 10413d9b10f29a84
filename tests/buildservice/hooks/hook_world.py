"""What tests of webhooks need: a service over a real database and store; servers that listen."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gobp.buildservice.builds.build import Artifact, Build, Ending, State
from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.engine.engine import Runner
from gobp.buildservice.logs.log import BuildLog, Line
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Store
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.builds import Builds, Filter, Request, Requested
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.sqlite import SqliteDatabase
from gobp.buildservice.storage.opening import open_store


class OneCommit:
    """A resolver that knows one commit of everything; ``trouble`` is raised while it is set."""

    trouble: NotResolvedError | None = None

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        if self.trouble is not None:
            raise self.trouble
        return order, Pin(version=order.ref, commit="c" * 40)


@dataclass
class Queueing:
    """An engine without workers."""

    builds: Builds
    running: int = 0

    def prepare(self) -> None:
        pass

    def request(self, request: Request, /) -> Requested:
        return self.builds.request(request)

    def start(self, runner: Runner, slots: int, /) -> None:
        raise AssertionError

    def stop(self, seconds: float, /) -> None:
        raise AssertionError


class NoLogs:
    """Logs that nobody writes."""

    def writer(self, build_id: str, attempt: int, /) -> BuildLog:
        raise AssertionError

    def lines(self, build_id: str, /, *, after: int = 0, limit: int = 1000) -> list[Line]:
        return []

    def keep(self, build_id: str, /) -> None:
        pass

    def remove(self, build_id: str, /) -> None:
        pass


@dataclass
class World:
    """A service; ``finish`` does the builds that wait, each with these files."""

    root: Path
    database: Database = field(init=False)
    resolver: OneCommit = field(default_factory=OneCommit)
    service: BuildService = field(init=False)

    def __post_init__(self) -> None:
        self.database = SqliteDatabase(self.root / "builds.db")
        table = BuildTable(self.database, attempts=3)
        table.prepare()
        self.service = BuildService(
            resolver=self.resolver,
            builds=table,
            engine=Queueing(table),
            logs=NoLogs(),
            store=open_store(Store(), self.root, {}),
            go="1.26.8",
        )

    def builds(self) -> list[Build]:
        """All builds."""
        return self.service.builds.listed(Filter(), limit=100)

    def finish(self, state: State = State.SUCCEEDED) -> list[Build]:
        """End all builds that wait; those that succeed have an archive and its sums."""
        ended = []
        while (claim := self.service.builds.claim("w", 60)) is not None:
            target = claim.build.order.target
            name = f"app_{target.goos}_{target.goarch}.tar.gz"
            artifacts = (
                self._artifact(name, "archive", f"archive of {target}"),
                self._artifact("SHA256SUMS", "sums", f"sums of {target}"),
            )
            given = artifacts if state is State.SUCCEEDED else ()
            self.service.builds.finish(claim, Ending(state=state, artifacts=given))
            done = self.service.builds.get(claim.build.id)
            assert done is not None
            ended.append(done)
        return ended

    def _artifact(self, name: str, kind: str, text: str) -> Artifact:
        file = self.root / "file"
        file.write_text(text)
        sha256, size = self.service.store.put(file)
        return Artifact(
            name=name, kind=kind, sha256=sha256, size=size, media_type="application/gzip"
        )

    def skip_pauses(self) -> None:
        """Let all tasks be due."""
        with self.database.writing() as transaction:
            transaction.run("UPDATE gobp_outbox SET due = 0 WHERE state = 'waiting'")


@dataclass(frozen=True)
class Asked:
    """A request that a server got."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Answer = Callable[[Asked], tuple[int, bytes]]


@dataclass
class Listener:
    """A server: what it answers, and what it was asked."""

    url: str
    answer: Answer
    asked: list[Asked] = field(default_factory=list)


@contextlib.contextmanager
def listening(answer: Answer) -> Iterator[Listener]:
    """Run a server on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            listener.asked.append(asked)
            status, body = listener.answer(asked)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{listener.url}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _do  # noqa: N815 # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the parent's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(f"http://127.0.0.1:{server.server_port}", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
