"""A registry in memory, behind real HTTP, that can be told to misbehave."""

import base64
import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD, IDENTITY, TOKEN = "ann", "pässword-1", "identity-2", "token-3"


@dataclass
class FakeRegistry:
    """What it holds and how it behaves; ``requests`` has every request line and its headers."""

    address: str = ""
    auth: str = ""  # "", "basic" or "bearer"
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    faults: list[tuple[str, int]] = field(default_factory=list)  # method and status, once each
    cut_after: int = 0  # bytes of the next blob's download after which the connection is cut
    redirect: str = ""  # address that downloads of blobs are sent to
    upload_to: str = ""  # address that uploads are sent to
    token_redirect: str = ""  # address that who asks for a token is sent to
    error_text: str = "no"

    def lines(self, method: str = "") -> list[str]:
        return [f"{verb} {path}" for verb, path, _ in self.requests if verb.startswith(method)]

    def authorizations(self) -> set[str]:
        return {headers.get("Authorization", "") for _, _, headers in self.requests}


@contextmanager
def serving() -> Iterator[FakeRegistry]:
    state = FakeRegistry()

    class Handler(_Handler):
        registry = state

    server = _Server(("127.0.0.1", 0), Handler)
    state.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let clients hang up, as they do when a blob turns out to be wrong."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    registry: FakeRegistry
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base's name
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        registry = self.registry
        url = urlsplit(self.path)
        registry.requests.append((self.command, self.path, dict(self.headers)))
        if registry.faults and registry.faults[0][0] == self.command:
            _, status = registry.faults.pop(0)
            errors = [{"code": "FAULT", "message": registry.error_text}]
            self._answer(status, json.dumps({"errors": errors}).encode())
        elif url.path == "/token":
            self._token(parse_qs(body.decode() or url.query))
        elif not self._let_in():
            self._answer(401, b"", {"WWW-Authenticate": self._challenge()})
        elif "/blobs/uploads/" in url.path:
            self._upload(url.query, body)
        elif "/blobs/" in url.path:
            self._blob(url.path.rpartition("/")[2])
        else:
            self._manifest(url.path.rpartition("/")[2], body)

    def _challenge(self) -> str:
        if self.registry.auth == "basic":
            return 'Basic realm="fake"'
        realm = f"http://{self.registry.address}/token"
        return f'Bearer realm="{realm}",service="fake",scope="repository:a:pull"'

    def _let_in(self) -> bool:
        header = self.headers.get("Authorization", "")
        wanted = {"": header, "basic": basic(), "bearer": f"Bearer {TOKEN}"}
        return header == wanted[self.registry.auth]

    def _token(self, query: dict[str, list[str]]) -> None:
        if self.registry.token_redirect:
            there = f"http://{self.registry.token_redirect}{self.path}"
            self._answer(307, b"", {"Location": there})
            return
        known = self.headers.get("Authorization") == basic()
        known = known or query.get("refresh_token") == [IDENTITY]
        self._answer(200 if known else 401, json.dumps({"token": TOKEN}).encode())

    def _upload(self, query: str, body: bytes) -> None:
        if self.command == "POST":
            host = f"http://{self.registry.upload_to}" if self.registry.upload_to else ""
            self._answer(202, b"", {"Location": f"{host}{self.path}1?state=secret-state"})
            return
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if parse_qs(query)["digest"] == [digest]:
            self.registry.blobs[digest] = body
            self._answer(201)
        else:
            self._answer(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"wrong"}]}')

    def _blob(self, digest: str) -> None:
        registry = self.registry
        data = registry.blobs.get(digest)
        if data is None:
            self._answer(404)
        elif self.command == "GET" and registry.redirect:
            self._answer(307, b"", {"Location": f"http://{registry.redirect}{self.path}"})
        elif "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            self._answer(206, data[start:])
        elif self.command == "GET" and registry.cut_after:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: registry.cut_after])
            registry.cut_after = 0
            self.close_connection = True
        else:
            self._answer(200, data)

    def _manifest(self, name: str, body: bytes) -> None:
        manifests = self.registry.manifests
        if self.command == "PUT":
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            manifests[name] = manifests[digest] = (self.headers["Content-Type"], body)
            self._answer(201)
        elif name in manifests and manifests[name][0] in self.headers.get("Accept", ""):
            self._answer(200, manifests[name][1], {"Content-Type": manifests[name][0]})
        else:
            self._answer(404)

    def _answer(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
