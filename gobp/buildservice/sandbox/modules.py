"""The module proxy that sandboxed commands see: all of the network that there is for them.

It is gobp's own proxy (gobp.modproxy) without its server: what is fetched is verified with the
checksum database, kept below root, and fetched with credentials that stay out here.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import copyfileobj
from socketserver import ThreadingMixIn
from urllib.parse import unquote

from gobp.buildservice.settings.schema import Sources
from gobp.modproxy.commands.gc import Wanted
from gobp.modproxy.commands.gc_all import Bounds, gc_all
from gobp.modproxy.commands.working import working
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.protocol.answers import Answer, Streamed, failure
from gobp.modproxy.protocol.requests import Kind, ModuleFile, NotOfTheProtocolError, parse_request
from gobp.modproxy.settings.go_env import GoEnv, proxies_only
from gobp.modproxy.settings.schema import Settings, Sums, Upstream

_CONNECTIONS = 32  # of one command at the same time
_CLIENT_SECONDS = 60.0  # for what a command does not say, or take
_ANSWER_SECONDS = 900.0
_OFF = "off"
_MOST_KEPT = 20 * 1024**3
_SECONDS_BETWEEN_COLLECTIONS = 3600.0


def proxy_settings(sources: Sources, root: Path, look_up: GoEnv) -> Settings:
    """Return the settings of a proxy for commands; ``look_up`` is asked for what is not set."""
    return Settings(
        root=str(root),
        durable=False,  # what a power cut takes is fetched again
        upstream=Upstream(proxies=proxies_only(sources.proxies or look_up("GOPROXY")) or _OFF),
        sums=Sums(database=sources.sums or look_up("GOSUMDB") or _OFF, unlisted=sources.unlisted),
    )


class ModuleProxy:
    """Answers commands. It starts with the first one, in a thread of its own, and ends in close.

    It keeps ``most`` bytes of modules; once an hour the rest is removed, the oldest first.
    """

    def __init__(self, settings: Settings, most: int = _MOST_KEPT) -> None:
        self._settings = settings
        self._most = most
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._service: ModuleService | None = None
        self._over = asyncio.Event()
        self._thread: threading.Thread | None = None

    def env(self, port: int) -> Mapping[str, str]:
        """Return the variables by which a go command uses a proxy on a port of its machine."""
        return {
            "GOPROXY": f"http://127.0.0.1:{port}",
            "GOSUMDB": self._settings.sums.database,
            "GONOSUMDB": self._settings.sums.unlisted,
            "GONOPROXY": "none",
            "GOPRIVATE": "",
        }

    @contextmanager
    def serving(self, listener: socket.socket) -> Iterator[set[str]]:
        """Answer on a socket that listens until the block ends; give what was handed out so far.

        That is ``path@version`` of each module whose content was asked for.
        """
        given: set[str] = set()
        server = _Server(listener, self.answer, given)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="modules")
        thread.start()
        try:
            yield given
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, path: str) -> tuple[Answer, Callable[[], bytes]]:
        """Return the answer to a request, and what gives the chunks of a body that is Streamed."""
        loop, service = self._started()
        try:
            request = parse_request(path)
        except NotOfTheProtocolError as error:
            return failure(404, f"not found: {error}"), bytes
        answer = asyncio.run_coroutine_threadsafe(service.answer(request), loop).result(
            _ANSWER_SECONDS
        )
        chunks = answer.body.chunks if isinstance(answer.body, Streamed) else None

        async def following() -> bytes:
            return b"" if chunks is None else await anext(chunks, b"")

        def next_chunk() -> bytes:
            return asyncio.run_coroutine_threadsafe(following(), loop).result(_ANSWER_SECONDS)

        return answer, next_chunk

    def collect(self) -> None:
        """Remove what is too much."""
        gc_all(self._settings, Bounds(Wanted(self._most, None), None), dry_run=False)

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            if self._loop is not None and self._thread is not None:
                self._loop.call_soon_threadsafe(self._over.set)
                self._thread.join()
                self._loop = self._thread = self._service = None

    async def _is_over(self) -> bool:
        """Wait for the end until it is time to collect again."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), _SECONDS_BETWEEN_COLLECTIONS)
        return self._over.is_set()

    def _started(self) -> tuple[asyncio.AbstractEventLoop, ModuleService]:
        with self._lock:
            if self._loop is None or self._service is None:
                ready: Future[tuple[asyncio.AbstractEventLoop, ModuleService]] = Future()
                self._over = asyncio.Event()
                self._thread = threading.Thread(
                    target=asyncio.run, args=(self._work(ready),), name="module-proxy", daemon=True
                )
                self._thread.start()
                self._loop, self._service = ready.result()
            return self._loop, self._service

    async def _work(self, ready: "Future[tuple[asyncio.AbstractEventLoop, ModuleService]]") -> None:
        try:
            async with working(self._settings) as parts:
                ready.set_result((asyncio.get_running_loop(), parts.service))
                while not await self._is_over():
                    await asyncio.to_thread(self.collect)
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
                return
            raise


class _Server(ThreadingMixIn, HTTPServer):
    """One command's proxy: a thread for each connection, so many at the same time."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        listener: socket.socket,
        answer: Callable[[str], tuple[Answer, Callable[[], bytes]]],
        given: set[str],
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.answer = answer
        self.given = given
        self._free = threading.BoundedSemaphore(_CONNECTIONS)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Let one more connection in when this one is over."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def verify_request(self, *_: object) -> bool:
        """Hold the connections back that are too many."""
        self._free.acquire()
        return True

    def handle_error(self, *_: object) -> None:
        """Say nothing of commands that went away in the middle."""


class _Handler(BaseHTTPRequestHandler):
    """One request: GET, and no connection is kept (HTTP/1.0), so that none is idle."""

    server: _Server
    timeout = _CLIENT_SECONDS

    def do_GET(self) -> None:
        """Answer with a file of the protocol."""
        path = unquote(self.path.partition("?")[0].removeprefix("/"))
        answer, next_chunk = self.server.answer(path)
        self._note(path, answer)
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self._send_body(answer, next_chunk)

    def log_message(self, *_: object) -> None:
        """Write no log: what was given is in the result."""

    def _note(self, path: str, answer: Answer) -> None:
        if answer.status == 200:
            request = parse_request(path)
            if isinstance(request, ModuleFile) and request.kind is Kind.ZIP:
                self.server.given.add(f"{request.module}@{request.version}")

    def _send_body(self, answer: Answer, next_chunk: Callable[[], bytes]) -> None:
        match answer.body:
            case bytes() as content:
                self._end_headers(len(content))
                self.wfile.write(content)
            case Path() as file:
                with file.open("rb") as stream:
                    self._end_headers(file.stat().st_size)
                    copyfileobj(stream, self.wfile)
            case Streamed(length):
                self._end_headers(length)
                while chunk := next_chunk():
                    self.wfile.write(chunk)

    def _end_headers(self, length: int | None) -> None:
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
