"""Servers on this machine that ask who is there: Go module proxies, git over https and ssh.

All https servers are one, told apart by the host that is asked for; a proxy for HTTPS_PROXY leads
every host to it. Certificates are those of an authority made for the test.
"""

import contextlib
import getpass
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from gobp.golang.dirhash import hash1
from integration.docker import free_port

SSHD = "/usr/sbin/sshd"
Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request; it is answered by the host that it asks for, once it says who it is from."""

    server: "PrivateServer"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def send(self, status: int, content: bytes, kind: str = "text/plain") -> None:
        """Answer with all of the content."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
        self.end_headers()
        self.wfile.write(content)

    def _handle(self) -> None:
        host = self.headers.get("Host", "")
        site = self.server.sites[host]
        if self.headers.get("Authorization") == site.authorization:
            self.server.welcomed.add(host)
            site.answer(self)
        else:
            self.send(401, b"who are you?\n")


@dataclass(frozen=True)
class Site:
    """What a host wants to hear (None: nothing), and what it then says."""

    authorization: str | None
    answer: Answer


class PrivateServer(ThreadingHTTPServer):
    """Every https host of a test; ``welcomed`` are those that let somebody in."""

    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.sites: dict[str, Site] = {}
        self.welcomed: set[str] = set()

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hung up."""


class _Tunnel(BaseRequestHandler):
    """A request CONNECT: whatever host it names, it leads to one port of this machine."""

    server: "TunnelServer"

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.request.recv(1)
        with socket.create_connection(("127.0.0.1", self.server.target)) as inner:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
            back.start()
            _copy(self.request, inner)
            back.join()


class TunnelServer(ThreadingTCPServer):
    """The proxy that HTTPS_PROXY names."""

    daemon_threads = True
    target = 0

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hung up."""


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def basic(user: str, password: str) -> str:
    """Return the header Authorization for a user and password."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def folder_site(authorization: str | None, folder: Path) -> Site:
    """Return a Go module proxy that serves a folder."""

    def answer(request: Request) -> None:
        path = folder / request.path.lstrip("/")
        if path.is_file():
            request.send(200, path.read_bytes())
        else:
            request.send(404, b"not here\n")

    return Site(authorization, answer)


def git_site(authorization: str | None, host: str, repositories: Path) -> Site:
    """Return a git server that also tells go where the repository of a module is."""

    def answer(request: Request) -> None:
        path, _, query = request.path.partition("?")
        if query == "go-get=1":
            meta = f"{host}{path} git https://{host}{path}.git"
            page = f'<html><head><meta name="go-import" content="{meta}"></head></html>'
            request.send(200, page.encode(), "text/html")
            return
        length = int(request.headers.get("Content-Length", "0"))
        done = subprocess.run(
            ["git", "http-backend"],
            input=request.rfile.read(length),
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(repositories),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": request.command,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(length),
                "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            },
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(fields.pop("Status", "200").split()[0])
        request.send(status, body, fields["Content-Type"])

    return Site(authorization, answer)


@dataclass(frozen=True)
class Certificates:
    """An authority, and a certificate of it (with its key) for the hosts of a test."""

    authority: Path
    server: Path


def make_certificates(folder: Path, hosts: tuple[str, ...]) -> Certificates:
    """Make them with openssl; skip where there is none."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl (Debian package openssl) is not installed")
    _openssl(
        folder, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca"
    )
    _openssl(
        folder, "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server"
    )
    names = ",".join(f"DNS:{host}" for host in hosts)
    (folder / "names").write_text(f"subjectAltName={names}\n")
    _openssl(
        folder,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
        "-extfile names -out server.crt",
    )
    both = folder / "server.pem"
    both.write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())
    return Certificates(folder / "ca.pem", both)


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)


@contextlib.contextmanager
def private_server(certificates: Certificates) -> Iterator[tuple[PrivateServer, str]]:
    """Serve for as long as the block runs; give the server and a value for HTTPS_PROXY."""
    with (
        PrivateServer(certificates.server) as server,
        TunnelServer(("127.0.0.1", 0), _Tunnel) as way,
    ):
        way.target = server.server_port
        threads = [
            threading.Thread(target=each.serve_forever, args=(0.01,)) for each in (server, way)
        ]
        for thread in threads:
            thread.start()
        try:
            yield server, f"http://127.0.0.1:{way.server_address[1]}"
        finally:
            for each in (server, way):
                each.shutdown()
            for thread in threads:
                thread.join()


@dataclass(frozen=True)
class SshServer:
    """A real sshd that serves repositories to one key; ``user`` is whom to log in as."""

    port: int
    user: str
    private_key: str = field(repr=False)
    known_hosts: str = ""


@contextlib.contextmanager
def ssh_server(folder: Path, repositories: Path) -> Iterator[SshServer]:
    """Run sshd for as long as the block runs; skip where there is none."""
    if not Path(SSHD).exists():
        pytest.skip("sshd (Debian package openssh-server) is not installed")
    port = free_port()
    for name in ("host", "user"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
        subprocess.run(argv, check=True)
    serve = folder / "serve"
    serve.write_text(
        "#!/bin/sh\npath=${SSH_ORIGINAL_COMMAND#*\\'}\n"
        f'exec git upload-pack "{repositories}/${{path%\\\'}}"\n'
    )
    serve.chmod(0o755)
    public = (folder / "user.pub").read_text()
    (folder / "authorized").write_text(f'command="{serve}",restrict {public}')
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nAcceptEnv GIT_PROTOCOL\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=log)
    try:
        _wait_for(port, process)
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        yield SshServer(
            port,
            getpass.getuser(),
            (folder / "user").read_text(),
            f"[127.0.0.1]:{port} {host_key}",
        )
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"sshd does not listen on port {port} (exit status {process.poll()})")


def put_repository(repository: Path, files: Mapping[str, str], tag: str) -> None:
    """Make a repository with one commit of these files, and a tag on it."""
    work = repository.with_name(f"{repository.name}.work")
    work.mkdir(parents=True)
    for name, text in files.items():
        (work / name).write_text(text)
    for arguments in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "one"),
        ("tag", tag),
        ("clone", "-q", "--bare", ".", str(repository)),
    ):
        subprocess.run(["git", *arguments], cwd=work, check=True)
    shutil.rmtree(work)


def go_sum(path: str, version: str, files: Mapping[str, str]) -> str:
    """Return the lines of go.sum for a module of these files."""
    sums = {name: sha256(text.encode()).hexdigest() for name, text in files.items()}
    whole = hash1((f"{path}@{version}/{name}", digest) for name, digest in sums.items())
    mod = hash1([("go.mod", sums["go.mod"])])
    return f"{path} {version} {whole}\n{path} {version}/go.mod {mod}\n"
