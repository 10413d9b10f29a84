"""A real web server on this machine that gives as much trouble as a test asks for."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Request(BaseHTTPRequestHandler):
    """One request; ``server.answer`` deals with it."""

    server: "TroubleServer"

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        self.server.answer(self, len(self.server.requests))

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def whole(self, content: bytes, status: int = 200) -> None:
        """Answer with all of the content."""
        self.cut(content, len(content), status)

    def cut(self, content: bytes, after: int, status: int = 200) -> None:
        """Promise all of the content, send its beginning and hang up."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:after])
        self.close_connection = True

    def ranged(self, content: bytes) -> None:
        """Answer as a server does that knows Range."""
        asked = self.headers.get("Range")
        if asked is None:
            self.whole(content)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(content):
            self.whole(b"", 416)
            return
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:])


Answer = Callable[[Request, int], None]


class TroubleServer(ThreadingHTTPServer):
    """Hands each request with its number (from 1) to ``answer``."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.answer = answer
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hung up."""


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[TroubleServer]:
    """Serve on a free port for as long as the block runs."""
    with TroubleServer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
