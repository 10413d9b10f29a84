"""A git server of this machine for the build service: real smart HTTP, with or without TLS."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

from gobp.buildservice.builds.order import GitSource
from gobp.buildservice.settings import schema
from integration.git_hosting import GitHost, GitRepository
from integration.private_servers import (
    PrivateServer,
    Request,
    Site,
    basic,
    make_certificates,
)

USER, PASSWORD = "builder", "s3cr3t-of-the-service"
AUTHORIZATION = basic(USER, PASSWORD)


class _PlainServer(ThreadingHTTPServer):
    """What PrivateServer is, without TLS."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.sites: dict[str, Site] = {}
        self.welcomed: set[str] = set()

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hung up."""


@dataclass
class LoopbackGit:
    """A running server. ``asked`` are its requests; ``redirects`` are by the path's beginning.

    ``host`` is as a GitSource has it; ``authority`` is a file of certificates, None without TLS;
    ``modern`` is whether it speaks version 2 of git's protocol.
    """

    host: str
    hosting: GitHost
    server: "PrivateServer | _PlainServer"
    authority: Path | None
    redirects: dict[str, str] = field(default_factory=dict)
    modern: bool = True

    @property
    def asked(self) -> list[str]:
        """The requests so far, as ``GET /path``."""
        return self.hosting.asked

    def publish(self, repository: GitRepository, name: str, **config: str) -> GitSource:
        """Serve a repository as it is now; ``config`` is of uploadpack."""
        self.hosting.publish(repository, name, f"{self.host}/{name}")
        served = self.hosting.repositories / f"{name}.git"
        for key, value in {"allowFilter": "true", **config}.items():
            repository.git("-C", str(served), "config", f"uploadpack.{key}", value)
        return GitSource(self.host, name)

    def settings(self, **changes: object) -> schema.GitHost:
        """Return what lets a build service use it."""
        given = {
            "host": self.host,
            "private_addresses": True,
            "insecure": self.authority is None,
            **changes,
        }
        return schema.GitHost(**given)  # type: ignore[arg-type] # as the tests name them

    def add_name(self, name: str) -> None:
        """Answer under another name too."""

        def answer(request: Request) -> None:
            for beginning, target in self.redirects.items():
                if request.path.startswith(beginning):
                    self.hosting.asked.append(f"{request.command} {request.path}")
                    request.send_response(301)
                    request.send_header("Location", target + request.path.removeprefix(beginning))
                    request.send_header("Content-Length", "0")
                    return request.end_headers()
            return self._serve(request)

        self.server.sites[name] = Site(self.hosting.authorization, answer)

    def _serve(self, request: Request) -> None:
        """Answer by git itself, as a web server would run it."""
        path, _, query = request.path.partition("?")
        self.asked.append(f"{request.command} {request.path}")
        repository = path.partition("/info/")[0].partition("/git-upload-pack")[0]
        if not (self.hosting.repositories / repository.lstrip("/")).exists():
            return request.send(404, b"no such repository\n")
        length = int(request.headers.get("Content-Length", "0"))
        done = subprocess.run(
            ["git", "http-backend"],
            input=request.rfile.read(length),
            capture_output=True,
            check=False,  # it fails where it has said no to the client
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.hosting.repositories),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": request.command,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(length),
                "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", "") if self.modern else "",
            },
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(fields.pop("Status", "200").split()[0])
        return request.send(status, body, fields["Content-Type"])


@contextlib.contextmanager
def loopback_git(
    folder: Path, *, name: str = "", authorization: str | None = None
) -> Iterator[LoopbackGit]:
    """Serve for as long as the block runs; with TLS under ``name``, else plainly by its address."""
    (folder / "repositories").mkdir(parents=True)
    server: PrivateServer | _PlainServer
    if name:
        certificates = make_certificates(folder, (name,))
        server = PrivateServer(certificates.server)
    else:
        certificates, server = None, _PlainServer()
    hosting = GitHost(folder / "repositories", {}, {}, [], authorization)
    host = f"{name or '127.0.0.1'}:{server.server_port}"
    authority = certificates.authority if certificates else None
    served = LoopbackGit(host, hosting, server, authority)
    served.add_name(host)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
