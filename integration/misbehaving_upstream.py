"""A module proxy of the tests' own: it counts what it is asked, and misbehaves when it is told."""

import io
import json
import random
import threading
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gobp.modproxy.protocol.requests import (
    Kind,
    Latest,
    ModuleFile,
    Query,
    VersionList,
    parse_request,
)

VERSIONS = ("v1.0.0", "v1.1.0")
LARGE = "/large"  # the end of modules whose zips have 9 MB
_LARGE_BYTES = 9_000_000
Answer = Callable[["_Request", bytes], None]


@cache
def content_of(path: str) -> bytes:
    """Return what is right for a path of a module below example.com: always the same."""
    request = parse_request(path)
    match request:
        case VersionList():
            return "".join(f"{version}\n" for version in VERSIONS).encode()
        case ModuleFile(module, version, Kind.ZIP):
            return zip_of(module, version)
        case ModuleFile(module, _, Kind.MOD):
            return f"module {module}\n\ngo 1.21\n".encode()
        case Latest() | ModuleFile() | Query():
            version = request.version if isinstance(request, ModuleFile) else VERSIONS[-1]
            return json.dumps({"Version": version, "Time": "2024-01-02T03:04:05Z"}).encode()
        case _:
            return b""


@cache
def zip_of(module: str, version: str, *, seed: str = "", go_mod: bytes = b"") -> bytes:
    """Return the zip of a version; another one with another seed or go.mod file."""
    dice = random.Random(f"{module}@{version}{seed}")
    size = _LARGE_BYTES if module.endswith(LARGE) else 3000
    files = {
        "a.go": b"package a\n",
        "data": dice.randbytes(size),
        "go.mod": go_mod or f"module {module}\n\ngo 1.21\n".encode(),
    }
    named = {f"{module}@{version}/{name}": content for name, content in files.items()}
    return zipped(named, zipfile.ZIP_STORED)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of files by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


class Upstream(ThreadingHTTPServer):
    """``asked`` counts requests by path. The next answers to a path are ``next_answers[path]``,

    then ``usually``. ``contents`` are contents other than those of content_of; None is 404.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.asked: Counter[str] = Counter()
        self.next_answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.usually: Answer = whole
        self.contents: dict[str, bytes | None] = {}
        self.gone = False
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Return its URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hung up."""


class _Request(BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.removeprefix("/").replace("%21", "!").replace("%40", "@")
        upstream = self.server
        with upstream.lock:
            upstream.asked[path] += 1
            planned = upstream.next_answers[path]
            answer = planned.pop(0) if planned else upstream.usually
        content = upstream.contents[path] if path in upstream.contents else content_of(path)
        if upstream.gone or content is None:
            failing(404)(self, b"")
        else:
            answer(self, content)

    def head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def whole(request: _Request, content: bytes) -> None:
    """Answer as one should."""
    request.head(200, len(content))
    request.wfile.write(content)


def truncated(request: _Request, content: bytes) -> None:
    """Announce all, give half and hang up."""
    request.head(200, len(content))
    request.wfile.write(content[: len(content) // 2])
    request.close_connection = True


def altered(request: _Request, content: bytes) -> None:
    """Give all, with one bit in the middle another."""
    middle = len(content) // 2
    bit = bytes([content[middle] ^ 1])
    whole(request, content[:middle] + bit + content[middle + 1 :])


def without_length(request: _Request, content: bytes) -> None:
    """Give all, in chunks of unknown number."""
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    for start in range(0, len(content), 100_000):
        part = content[start : start + 100_000]
        request.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    request.wfile.write(b"0\r\n\r\n")


def failing(status: int) -> Answer:
    """Answer with a failure."""

    def answer(request: _Request, _: bytes) -> None:
        text = f"upstream says {status}\n".encode()
        request.head(status, len(text))
        request.wfile.write(text)

    return answer


def slowly(seconds: float, answer: Answer = whole) -> Answer:
    """Answer so after a while."""

    def later(request: _Request, content: bytes) -> None:
        time.sleep(seconds)
        answer(request, content)

    return later


def drop_by_drop(seconds: float) -> Answer:
    """Give the bytes in twenty parts, over some seconds."""

    def answer(request: _Request, content: bytes) -> None:
        request.head(200, len(content))
        step = max(1, len(content) // 20)
        for start in range(0, len(content), step):
            request.wfile.write(content[start : start + step])
            request.wfile.flush()
            time.sleep(seconds / 20)

    return answer


@contextmanager
def upstream_server() -> Iterator[Upstream]:
    """Run an upstream until the block ends."""
    server = Upstream()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
