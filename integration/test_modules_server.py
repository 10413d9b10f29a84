"""The server of modules as a process: what is sent to it by real and by rude clients."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from integration.docker import free_port
from integration.module_servers import ModuleServer, connect, running
from integration.small_modules import GoClient, put_module

MODULE = "example.com/greet"
VERSION = "v1.2.0"
INFO = f"/{MODULE}/@v/{VERSION}.info"
MOD = f"/{MODULE}/@v/{VERSION}.mod"
ZIP = f"/{MODULE}/@v/{VERSION}.zip"
LIST = f"/{MODULE}/@v/list"


def settings(upstream: Path | str, **more: Any) -> dict[str, Any]:
    """Return settings that take modules from a folder or URL, and verify with nothing."""
    proxies = upstream.as_uri() if isinstance(upstream, Path) else upstream
    return {"upstream": {"proxies": proxies}, "sums": {"database": "off"}, **more}


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with one small module."""
    root = tmp_path_factory.mktemp("upstream")
    put_module(root, MODULE, "v1.0.0")
    put_module(root, MODULE, VERSION)
    return root


@pytest.fixture(scope="module")
def server(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleServer]:
    """A server of two workers in front of it."""
    folder = tmp_path_factory.mktemp("server")
    with running(settings(upstream, workers=2), folder) as started:
        yield started


def ask(
    server: ModuleServer, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[HTTPResponse, bytes]:
    """Send a request on a connection of its own."""
    connection = connect(server.url)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body, headers=named)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def send_raw(server: ModuleServer, data: bytes, seconds: float = 30) -> bytes:
    """Send bytes as they are, and return all that comes until the server closes."""
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
        return answer


def status_of(server: ModuleServer, path: bytes) -> int:
    """Return the status of the answer to a path that is sent as it is."""
    answer = send_raw(server, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return int(answer.split(b" ", 2)[1])


def wait_for(condition: Any, what: str, seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


# What the go command and operators ask


def test_a_go_command_gets_a_module_through_the_server(
    server: ModuleServer, tmp_path: Path
) -> None:
    client = GoClient(tmp_path, server.url)
    assert client.get(f"{MODULE}@latest") == {MODULE: VERSION}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version", "/robots.txt", "/metrics"])
def test_operators_are_answered(server: ModuleServer, path: str) -> None:
    response, body = ask(server, path)
    assert (response.status, bool(body)) == (200, True)
    assert response.headers["cache-control"] == "no-store"


def test_the_figures_of_all_workers_are_added_up(server: ModuleServer) -> None:
    for _ in range(20):
        ask(server, INFO)
    wait_for(
        lambda: _figure(server, 'gobp_modules_requests_total{kind="info"') >= 20, "no such figure"
    )
    assert _figure(server, "gobp_modules_workers ") == 2
    assert _figure(server, 'gobp_modules_upstream_seconds_count{kind="info",outcome="found"}') >= 1


def _figure(server: ModuleServer, start: str) -> float:
    lines = ask(server, "/metrics")[1].decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


# HTTP as it should be


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (INFO, "application/json"),
        (MOD, "text/plain; charset=utf-8"),
        (ZIP, "application/zip"),
        (LIST, "text/plain; charset=utf-8"),
    ],
)
def test_a_file_has_its_type_length_and_validator(
    server: ModuleServer, path: str, kind: str
) -> None:
    for _ in range(2):  # fetched, and then from memory
        response, body = ask(server, path)
        assert response.status == 200
        assert response.headers["content-type"] == kind
        assert response.headers["content-length"] == str(len(body))
        assert response.headers["etag"].startswith('"')
        assert response.headers["cache-control"].startswith("public, max-age=")


@pytest.mark.parametrize("path", [INFO, MOD, ZIP, LIST])
def test_a_client_that_has_the_file_is_told_so(server: ModuleServer, path: str) -> None:
    etag = ask(server, path)[0].headers["etag"]
    response, body = ask(server, path, if_none_match=f'"other", {etag}')
    assert (response.status, body) == (304, b"")
    assert ask(server, path, if_none_match='"other"')[0].status == 200


def test_a_zip_that_is_older_than_the_clients_is_not_sent(server: ModuleServer) -> None:
    modified = ask(server, ZIP)[0].headers["last-modified"]
    assert ask(server, ZIP, if_modified_since=modified)[0].status == 304


@pytest.mark.parametrize("path", [INFO, ZIP, LIST, f"/{MODULE}/@latest"])
def test_head_is_get_without_the_body(server: ModuleServer, path: str) -> None:
    got, body = ask(server, path)
    head, nothing = ask(server, path, "HEAD")
    assert (head.status, nothing) == (200, b"")
    assert head.headers["content-length"] == str(len(body))
    assert head.headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None)],
)
def test_a_part_of_a_zip_is_sent(
    server: ModuleServer, wanted: str, start: int, end: int | None
) -> None:
    whole = ask(server, ZIP)[1]
    response, part = ask(server, ZIP, range=wanted)
    assert (response.status, part) == (206, whole[start:end])
    assert response.headers["content-range"].endswith(f"/{len(whole)}")


def test_a_part_after_the_end_is_refused(server: ModuleServer) -> None:
    response, _ = ask(server, ZIP, range="bytes=99999999-")
    assert response.status == 416
    assert response.headers["content-range"].startswith("bytes */")


def test_the_rest_of_another_file_is_the_whole_file(server: ModuleServer) -> None:
    response, body = ask(server, ZIP, range="bytes=5-", if_range='"another"')
    assert (response.status, body) == (200, ask(server, ZIP)[1])


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "PATCH"])
def test_modules_are_only_read(server: ModuleServer, method: str) -> None:
    response, _ = ask(server, INFO, method)
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")


def test_an_unknown_version_is_404_with_text(server: ModuleServer) -> None:
    response, body = ask(server, f"/{MODULE}/@v/v9.9.9.info")
    assert response.status == 404
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert body.strip()


ODD_PATHS = [
    b"/",
    b"//",
    b"/%00",
    b"/example.com/greet/@v/%00.info",
    b"/example.com\\greet/@v/list",
    b"/example.com//greet/@v/list",
    b"/../etc/passwd",
    b"/example.com/../../../../etc/passwd/@v/list",
    b"/%2e%2e/%2e%2e/etc/passwd/@v/list",
    b"/example.com/%2E%2E/greet/@v/list",
    b"/.gobp/index.db",
    b"/example.com/Greet/@v/list",
    b"/example.com/gr%C3%A9et/@v/list",
    b"/example.com/gr\xc3\xa9et/@v/list",
    b"/example.com/greet/@v/%ff.info",
    b"/example.com/greet/@v/v1.2.0.info%0d%0aX-Evil:%201",
    b"/example.com/greet/@v/" + b"v" * 3000 + b".info",
    b"/example.com/" + b"a" * 300 + b"/@v/list",
    b"/example.com/greet/@v/latest.info",
    b"/greet/@v/list",
    b"/sumdb/example.com/../../etc/passwd",
    b"/sumdb/unknown.example/supported",
    b"/con/@v/list",
    b"/-/../../etc/passwd",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_odd_path_is_no_trouble(server: ModuleServer, path: bytes) -> None:
    assert status_of(server, path) in ({200} if path == b"/" else {400, 404})


def test_what_is_not_kept_yet_is_not_fetched_for_who_says_so(
    upstream: Path, tmp_path: Path
) -> None:
    with running(settings(upstream), tmp_path) as server:
        assert ask(server, f"/cached-only{INFO}")[0].status == 404
        assert ask(server, INFO, disable_module_fetch="true")[0].status == 404
        assert ask(server, INFO)[0].status == 200
        assert ask(server, f"/cached-only{INFO}")[0].status == 200
        assert ask(server, INFO, disable_module_fetch="true")[0].status == 200


def test_all_is_served_below_the_base_path(upstream: Path, tmp_path: Path) -> None:
    with running(settings(upstream, base_path="/team/go"), tmp_path) as server:
        assert ask(server, f"/team/go{INFO}")[0].status == 200
        assert ask(server, f"/team/go{INFO}")[0].status == 200
        assert ask(server, INFO)[0].status == 404
        assert ask(server, f"/team/gox{INFO}")[0].status == 404
        assert ask(server, "/healthz")[0].status == ask(server, "/team/go/healthz")[0].status == 200
        assert GoClient(tmp_path / "app", server.url).get(MODULE) == {MODULE: VERSION}


# Clients that are rude


def test_a_flood_of_headers_is_cut_off(server: ModuleServer) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(1000))
    answer = send_raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n")
    assert answer == b"" or answer.split(b" ", 2)[1] in {b"400", b"431"}
    assert ask(server, "/healthz")[0].status == 200


def test_a_request_line_without_end_is_cut_off(server: ModuleServer) -> None:
    answer = send_raw(server, b"GET /" + b"a" * 1_000_000)
    assert answer == b"" or answer.split(b" ", 2)[1] in {b"400", b"414", b"431"}


def test_a_client_that_never_ends_its_headers_is_left(server: ModuleServer) -> None:
    started = time.monotonic()
    send_raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", seconds=60)
    assert time.monotonic() - started < 40


def test_a_large_body_is_not_read_to_its_end(server: ModuleServer) -> None:
    head = b"POST /-/published HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    answer = send_raw(server, head + b"x" * 5_000_000)
    assert answer == b"" or answer.split(b" ", 2)[1] in {b"404", b"413"}
    assert ask(server, "/healthz")[0].status == 200


def test_other_clients_are_served_while_one_reads_slowly(server: ModuleServer) -> None:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(20)]
    for connection in slow:
        connection.sendall(f"GET {ZIP} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert ask(server, INFO)[0].status == 200
    for connection in slow:
        connection.close()


# The request log


def test_each_request_has_a_line_and_a_name(upstream: Path, tmp_path: Path) -> None:
    log = tmp_path / "requests.log"
    logged = {"requests": str(log), "format": "json"}
    with running(settings(upstream, log=logged), tmp_path) as server:
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        named, body = ask(server, INFO, x_request_id="from-client.1", traceparent=trace)
        ask(server, f"{INFO}?secret=query", authorization="Basic c2VjcmV0", user_agent='a"\tb')
        unnamed, _ = ask(server, "/no/such")
        wait_for(lambda: log.exists() and len(_lines(log)) >= 4, "no lines")
    assert named.headers["x-request-id"] == "from-client.1"
    lines = {line["request_id"]: line for line in _lines(log)}
    first = lines["from-client.1"]
    assert (first["status"], first["origin"], first["bytes"]) == (200, "miss", len(body))
    assert (first["path"], first["kind"], first["traceparent"]) == (INFO, "info", trace)
    assert lines[unnamed.headers["x-request-id"]]["status"] == 404
    assert "secret" not in log.read_text()
    assert "c2VjcmV0" not in log.read_text()
    assert "\t" not in log.read_text()


@pytest.mark.parametrize("value", [b"\xff\xfe", b"gr\xc3\xa9et", b"a\tb", b""])
def test_a_header_with_odd_bytes_is_no_trouble(server: ModuleServer, value: bytes) -> None:
    names = (b"User-Agent", b"Authorization", b"X-Request-Id", b"Traceparent", b"If-None-Match")
    lines = b"".join(name + b": " + value + b"\r\n" for name in names)
    for path in (INFO, "/no/such"):
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode()
        assert int(send_raw(server, head + lines + b"\r\n").split(b" ", 2)[1]) < 500


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_rotated_log_is_written_anew(upstream: Path, tmp_path: Path) -> None:
    log, old = tmp_path / "requests.log", tmp_path / "requests.log.1"
    with running(settings(upstream, log={"requests": str(log)}), tmp_path) as server:
        ask(server, INFO)
        wait_for(lambda: INFO in log.read_text(), "no line")
        log.rename(old)
        ask(server, MOD)
        wait_for(lambda: log.exists() and MOD in log.read_text(), "no new file")
    assert INFO in old.read_text()
    assert MOD not in old.read_text()


# TLS and sockets


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the loopback interface, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=modules"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def test_a_go_command_downloads_over_tls(
    upstream: Path, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    tls = {"certificate": str(certificate[0]), "key": str(certificate[1])}
    log = tmp_path / "requests.log"
    more = {"tls": tls, "log": {"requests": str(log)}}
    with running(settings(upstream, **more), tmp_path) as server:
        trusting = {"SSL_CERT_FILE": str(certificate[0])}
        client = GoClient(tmp_path / "app", server.url, trusting)
        assert client.get(MODULE) == {MODULE: VERSION}
        wait_for(lambda: "Go-http-client/2.0" in log.read_text(), "not by HTTP/2")
        assert "x509" in GoClient(tmp_path / "other", server.url).refusal(MODULE)


@pytest.mark.parametrize("least", ["1.2", "1.3"])
def test_old_tls_is_refused(
    upstream: Path, certificate: tuple[Path, Path], tmp_path: Path, least: str
) -> None:
    tls = {"certificate": str(certificate[0]), "key": str(certificate[1]), "min_version": least}
    with running(settings(upstream, tls=tls), tmp_path) as server:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        host, _, port = server.url.removeprefix("https://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as plain:
            if least == "1.2":
                with old.wrap_socket(plain) as secured:
                    assert secured.version() == "TLSv1.2"
            else:
                with pytest.raises(ssl.SSLError):
                    old.wrap_socket(plain)


def test_a_unix_socket_is_served_and_removed(upstream: Path, tmp_path: Path) -> None:
    path = tmp_path / "modules.sock"
    with running(settings(upstream, listen=f"unix:{path}"), tmp_path, ready=False):
        wait_for(path.exists, "no socket")
        curl = ["curl", "-sS", "--retry", "5", "--retry-all-errors", "--unix-socket", str(path)]
        got = subprocess.run([*curl, f"http://modules{INFO}"], capture_output=True, check=True)
        assert json.loads(got.stdout)["Version"] == VERSION
    assert not path.exists()


# Its beginning and its end


class _Slow(BaseHTTPRequestHandler):
    """An upstream that gives a file when it is allowed to, or breaks off in its middle."""

    server: "_SlowServer"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.content
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        self.server.go_on.wait(60)
        if not self.server.breaks:
            self.wfile.write(content[len(content) // 2 :])

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class _SlowServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, content: bytes, *, breaks: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Slow)
        self.content = content
        self.breaks = breaks
        self.go_on = threading.Event()
        self.asked: list[str] = []


@contextmanager
def slow_upstream(content: bytes, *, breaks: bool = False) -> Iterator[tuple[str, _SlowServer]]:
    """Serve one content at every path; the second half waits for ``go_on``."""
    upstream = _SlowServer(content, breaks=breaks)
    thread = threading.Thread(target=upstream.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{upstream.server_address[1]}", upstream
    finally:
        upstream.go_on.set()
        upstream.shutdown()
        upstream.server_close()


def test_a_request_that_runs_is_answered_before_the_server_ends(tmp_path: Path) -> None:
    content = f"module {MODULE}\n".encode()
    with slow_upstream(content) as (url, slow), running(settings(url), tmp_path) as server:
        answers: list[bytes] = []
        asking = threading.Thread(target=lambda: answers.append(ask(server, MOD)[1]))
        asking.start()
        wait_for(lambda: slow.asked, "upstream was not asked")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        slow.go_on.set()
        asking.join(30)
        assert answers == [content]
        assert server.process.wait(30) == 0


def test_a_fetch_goes_on_for_nobody_until_the_end(tmp_path: Path) -> None:
    content = f"module {MODULE}\n".encode()
    with slow_upstream(content) as (url, slow), running(settings(url), tmp_path) as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port))) as leaving:
            leaving.sendall(f"GET {MOD} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_for(lambda: slow.asked, "upstream was not asked")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        slow.go_on.set()
        assert server.process.wait(30) == 0
        assert (server.root / "public" / MOD[1:]).read_bytes() == content


def test_a_fetch_that_takes_too_long_is_given_up_at_the_end(tmp_path: Path) -> None:
    content = f"module {MODULE}\n".encode()
    with (
        slow_upstream(content) as (url, slow),
        running(settings(url, drain="1s"), tmp_path) as server,
    ):
        asking = threading.Thread(target=lambda: send_raw(server, _get(MOD)))
        asking.start()
        wait_for(lambda: slow.asked, "upstream was not asked")
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 10
        asking.join(10)


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


def test_a_stopping_server_says_that_it_is_not_ready(upstream: Path, tmp_path: Path) -> None:
    with running(settings(upstream, notice="3s"), tmp_path) as server:
        assert ask(server, "/readyz")[0].status == 200
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: ask(server, "/readyz")[0].status == 503, "still ready", 2)
        assert ask(server, INFO)[0].status == 200
        assert server.process.wait(30) == 0


def test_a_file_that_breaks_off_upstream_breaks_off_here(tmp_path: Path) -> None:
    content = os.urandom(4_000_000)
    with (
        slow_upstream(content, breaks=True) as (url, slow),
        running(settings(url), tmp_path) as server,
    ):
        slow.go_on.set()
        answer = send_raw(server, _get(ZIP), 60)
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        assert status >= 500 or len(body) < len(content)
        assert ask(server, "/healthz")[0].status == 200


def test_settings_are_read_anew_without_a_pause(upstream: Path, tmp_path: Path) -> None:
    with running(settings(upstream), tmp_path) as server:
        assert ask(server, INFO)[0].status == 200
        file = tmp_path / "settings.yaml"
        file.write_text(
            file.read_text()
            + "rules:\n- {modules: example.com/greet, action: deny, message: not for us}\n"
        )
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: ask(server, INFO)[0].status == 403, "the rule does not hold")
        file.write_text("nonsense: true\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "no such setting" in server.logged(), "nothing is said")
        assert ask(server, INFO)[0].status == 403


def test_a_worker_that_dies_is_started_again(upstream: Path, tmp_path: Path) -> None:
    with running(settings(upstream), tmp_path) as server:
        (worker,) = _children(server.process.pid)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: _children(server.process.pid) not in ([], [worker]), "no new worker")
        wait_for(lambda: _answers(server), "it does not answer")


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def _answers(server: ModuleServer) -> bool:
    try:
        return ask(server, INFO)[0].status == 200
    except OSError:
        return False


def test_workers_end_when_the_main_process_is_gone(upstream: Path, tmp_path: Path) -> None:
    with running(settings(upstream), tmp_path) as server:
        workers = _children(server.process.pid)
        server.process.kill()
        wait_for(lambda: not any(_runs(pid) for pid in workers), "a worker is left")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_says_where_it_is_and_how_it_is_used(server: ModuleServer) -> None:
    logged = server.logged()
    assert f"go env -w GOPROXY={server.url},direct" in logged
    assert str(server.root) in logged
    assert "file://" in logged


def gobp(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gobp", "serve", "modules", *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_in_use_is_said(server: ModuleServer, tmp_path: Path) -> None:
    listen = server.url.removeprefix("http://")
    done = gobp("--listen", listen, "--root", str(tmp_path), "--upstream", "off")
    assert done.returncode == 1
    assert f"another server listens at {listen}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    root = str(tmp_path / "file" / "root")
    done = gobp("--listen", "127.0.0.1:0", "--root", root, "--upstream", "off")
    assert (done.returncode, root in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_key_of_another_certificate_is_said(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "genrsa", "-out", str(other), "2048"], check=True, capture_output=True
    )
    file = tmp_path / "settings.yaml"
    file.write_text(f"tls: {{certificate: {certificate[0]}, key: {other}}}\n")
    done = gobp("-c", str(file), "--listen", f"127.0.0.1:{free_port()}", "--root", str(tmp_path))
    assert (done.returncode, "tls:" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_check_shows_the_settings_without_secrets(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("upstream: {proxies: 'https://me:hidden@proxy.example,direct'}\n")
    done = gobp("-c", str(file), "--check", GOBP_MODULES_WORKERS="3")
    assert done.returncode == 0, done.stderr
    assert "workers: 3" in done.stdout
    assert "proxy.example" in done.stdout
    assert "hidden" not in done.stdout + done.stderr


def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("fresh:\n  list: 5 minutes\n")
    done = gobp("-c", str(file), "--check")
    assert done.returncode == 1
    assert f"{file}:2: fresh.list: " in done.stderr
