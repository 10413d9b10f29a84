"""Upstreams of the module proxy: the real one, forward proxies, folders, private https servers."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self

import pytest

from integration.docker import free_port
from integration.module_servers import running
from integration.private_servers import (
    Certificates,
    basic,
    folder_site,
    make_certificates,
    private_server,
)
from integration.test_modules_real_go import Client

SMALL = "github.com/pkg/errors@v0.9.1"
LARGE = "github.com/nats-io/nats-server/v2@v2.11.0"  # 2.8 MB
HOST = "modules.example.com"
PIECE = 1_200_000  # bytes after which a tunnel is cut


class Trusting(Client):
    """A go command that asks no checksum database."""

    def go(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run go."""
        return super().go(*arguments, **{"GOSUMDB": "off", **variables})


@pytest.fixture(scope="module")
def direct(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A go command that has fetched both modules without gobp."""
    folder = tmp_path_factory.mktemp("direct")
    client = Client(folder, upstream)
    client.download(SMALL, LARGE)
    yield client
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"), (HOST,))


class _Tunnel(BaseRequestHandler):
    """A request CONNECT to the host it names; cut after some bytes of the answer, if so told."""

    server: "ForwardProxy"

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.request.recv(1)
        target = head.split(b" ")[1].decode()
        self.server.asked.append(target)
        if self.server.login and basic(*self.server.login.split(":")).encode() not in head:
            self.request.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = target.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as far:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(far, self.request, self.server.piece))
            back.start()
            _copy(self.request, far, 0)
            back.join()


class ForwardProxy(ThreadingTCPServer):
    """A proxy for HTTPS_PROXY; ``piece``: the bytes a tunnel gives before it is cut, 0: all."""

    daemon_threads = True

    def __init__(self, *, piece: int = 0, login: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.asked: list[str] = []
        self.piece = piece
        self.login = login

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        login = f"{self.login}@" if self.login else ""
        return f"http://{login}127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hung up."""


def _copy(source: socket.socket, target: socket.socket, piece: int) -> None:
    given = 0
    try:
        while data := source.recv(65536):
            target.sendall(data)
            given += len(data)
            if piece and given > piece:
                break
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


def through(proxies: str, folder: Path, *modules: str, **env: str) -> dict[str, tuple[str, str]]:
    """Return the sums that a new go command sees through a new gobp with this upstream."""
    settings = {"upstream": {"proxies": proxies}, "sums": {"database": "off"}}
    with running(settings, folder / "server", env=env) as server:
        return Trusting(folder / "client", server.url).download(*modules)


def refused(proxies: str, folder: Path, **env: str) -> str:
    """Return what a go command prints that is given no module."""
    settings = {"upstream": {"proxies": proxies, "attempts": 1}, "sums": {"database": "off"}}
    with running(settings, folder / "server", env=env) as server:
        done = Trusting(folder / "client", server.url).go("mod", "download", SMALL)
    assert done.returncode != 0
    return done.stderr


def cache(client: Client) -> Path:
    """Return the folder of a go command that is a proxy of files."""
    return client.folder / "gopath/pkg/mod/cache/download"


def test_a_module_cache_is_an_upstream(direct: Client, tmp_path: Path) -> None:
    assert through(cache(direct).as_uri(), tmp_path, SMALL, LARGE) == direct.download(SMALL, LARGE)


def test_what_one_upstream_does_not_have_comes_from_the_next(
    upstream: str, direct: Client, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    sums = through(f"{empty.as_uri()},{upstream}", tmp_path, SMALL)

    assert sums == direct.download(SMALL)


def test_an_upstream_that_is_down_is_gone_around_only_after_a_bar(
    direct: Client, tmp_path: Path
) -> None:
    down, files = f"http://127.0.0.1:{free_port()}", cache(direct).as_uri()

    assert through(f"{down}|{files}", tmp_path / "bar", SMALL) == direct.download(SMALL)
    printed = refused(f"{down},{files}", tmp_path / "comma")

    assert "502 Bad Gateway" in printed
    assert "no connection" in printed


def test_all_goes_through_the_forward_proxy(upstream: str, direct: Client, tmp_path: Path) -> None:
    with ForwardProxy(login="ann:secret") as forward:
        sums = through(upstream, tmp_path, SMALL, HTTPS_PROXY=forward.url, NO_PROXY="")

    assert sums == direct.download(SMALL)
    host = upstream.removeprefix("https://").partition("/")[0]
    assert set(forward.asked) == {f"{host}:443"}


def test_no_proxy_is_asked_directly(upstream: str, direct: Client, tmp_path: Path) -> None:
    host = upstream.removeprefix("https://").partition("/")[0]
    domain = host.partition(".")[2]
    with ForwardProxy() as forward:
        sums = through(upstream, tmp_path, SMALL, HTTPS_PROXY=forward.url, NO_PROXY=domain)

    assert sums == direct.download(SMALL)
    assert forward.asked == []


def test_a_forward_proxy_that_refuses_is_named(upstream: str, tmp_path: Path) -> None:
    with ForwardProxy(login="ann:secret") as forward:
        url = forward.url.replace("ann:secret", "ann:wrong")
        printed = refused(upstream, tmp_path, HTTPS_PROXY=url, NO_PROXY="")

    assert "the proxy in HTTPS_PROXY or HTTP_PROXY does not let it through: 407" in printed
    assert "wrong" not in printed


def test_a_download_over_a_network_that_breaks_goes_on(
    upstream: str, direct: Client, tmp_path: Path
) -> None:
    with ForwardProxy(piece=PIECE) as forward:
        sums = through(upstream, tmp_path, LARGE, HTTPS_PROXY=forward.url, NO_PROXY="")

    assert sums == direct.download(LARGE)
    assert len(forward.asked) >= 3


def test_a_private_upstream_is_given_its_password(
    direct: Client, certificates: Certificates, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine {HOST} login ann password secret\n")
    with private_server(certificates) as (server, way):
        server.sites[HOST] = folder_site(basic("ann", "secret"), cache(direct))
        env = {"HTTPS_PROXY": way, "NO_PROXY": "", "SSL_CERT_FILE": str(certificates.authority)}
        by_url = through(f"https://ann:secret@{HOST}", tmp_path / "url", SMALL, **env)
        by_netrc = through(f"https://{HOST}", tmp_path / "netrc", SMALL, NETRC=str(netrc), **env)
        printed = refused(f"https://ann:wrong@{HOST}", tmp_path / "wrong", **env)

    assert by_url == by_netrc == direct.download(SMALL)
    assert "403 Forbidden" in printed
    assert f"https://{HOST} answered 401" in printed
    assert "wrong" not in printed


def test_a_certificate_that_is_not_trusted_is_named(
    direct: Client, certificates: Certificates, tmp_path: Path
) -> None:
    with private_server(certificates) as (server, way):
        server.sites[HOST] = folder_site(None, cache(direct))
        printed = refused(f"https://{HOST}", tmp_path, HTTPS_PROXY=way, NO_PROXY="")

    assert "its certificate is not trusted (see SSL_CERT_FILE)" in printed
