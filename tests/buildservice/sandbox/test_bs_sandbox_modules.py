"""The module proxy of commands, asked over a socket as a go command would."""

import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gobp.buildservice.sandbox.modules import ModuleProxy, proxy_settings
from gobp.buildservice.settings.schema import Sources
from integration.small_modules import put_module

pytestmark = pytest.mark.slow  # real tools and servers


def nothing(_: str) -> str:
    return ""


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[ModuleProxy]:
    put_module(tmp_path / "upstream", "example.com/Team/a", "v1.0.0")
    sources = Sources(proxies=(tmp_path / "upstream").as_uri(), sums="off")
    made = ModuleProxy(proxy_settings(sources, tmp_path / "kept", nothing))
    yield made
    made.close()


@contextmanager
def serving(proxy: ModuleProxy) -> Iterator[tuple[int, set[str]]]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with proxy.serving(listener) as given:
        yield port, given


def ask(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_files_of_modules_are_given_and_zips_are_noted(proxy: ModuleProxy) -> None:
    with serving(proxy) as (port, given):
        listed = ask(port, "/example.com/!team/a/@v/list")
        mod = ask(port, "/example.com/!team/a/@v/v1.0.0.mod")
        before = set(given)
        content = ask(port, "/example.com/!team/a/@v/v1.0.0.zip")

    assert listed == (200, b"v1.0.0\n")
    assert mod[0] == 200
    assert before == set()
    assert content[1].startswith(b"PK")
    assert given == {"example.com/Team/a@v1.0.0"}


def test_what_was_given_once_is_kept(proxy: ModuleProxy, tmp_path: Path) -> None:
    with serving(proxy) as (port, _):
        ask(port, "/example.com/!team/a/@v/v1.0.0.zip")
    (tmp_path / "upstream" / "example.com").rename(tmp_path / "gone")

    with serving(proxy) as (port, given):
        status, _ = ask(port, "/example.com/!team/a/@v/v1.0.0.zip")

    assert status == 200
    assert given == {"example.com/Team/a@v1.0.0"}


def test_no_more_is_kept_than_is_wanted(proxy: ModuleProxy, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "public"
    put_module(kept, "example.com/old", "v1.0.0")
    for path in kept.rglob("*.*"):
        os.utime(path, (0, 0))
    with serving(proxy) as (port, _):
        ask(port, "/example.com/!team/a/@v/v1.0.0.zip")

    ModuleProxy(proxy._settings, most=0).collect()

    assert [path.parts[-4] for path in kept.rglob("*.zip")] == ["!team"]  # it came just now


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/etc/passwd",
        "/../../etc/passwd",
        "/example.com/a/@v/../../../x.mod",
        "/%2e%2e/@v/list",
    ],
)
def test_nothing_else_can_be_asked_for(proxy: ModuleProxy, path: str) -> None:
    with serving(proxy) as (port, given):
        status, _ = ask(port, path)

    assert status == 404
    assert given == set()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "CONNECT"])
def test_nothing_can_be_sent(proxy: ModuleProxy, method: str) -> None:
    with serving(proxy) as (port, _):
        assert ask(port, "/example.com/a/@v/list", method)[0] == 501


def test_a_module_that_is_nowhere_is_not_found(proxy: ModuleProxy) -> None:
    with serving(proxy) as (port, given):
        assert ask(port, "/example.com/b/@v/v1.0.0.mod")[0] == 404
    assert given == set()


def test_connections_that_say_nothing_hold_no_others_up_for_ever(proxy: ModuleProxy) -> None:
    with serving(proxy) as (port, _):
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        status, _ = ask(port, "/example.com/!team/a/@v/list")
        for connection in idle:
            connection.close()

    assert status == 200


def test_go_is_told_of_nothing_but_the_proxy() -> None:
    sources = Sources(proxies="https://user:secret@proxy.example,direct", sums="sum.example+1+AQ")
    env = ModuleProxy(proxy_settings(sources, Path("/nowhere"), nothing)).env(99)

    assert env["GOPROXY"] == "http://127.0.0.1:99"
    assert env["GOPRIVATE"] == ""
    assert "secret" not in str(env)


def test_what_is_not_set_is_what_go_would_do_but_never_version_control() -> None:
    configured = {"GOPROXY": "https://one.example,direct", "GOSUMDB": "sum.example"}

    settings = proxy_settings(Sources(), Path("/nowhere"), configured.__getitem__)

    assert settings.upstream.proxies == "https://one.example"
    assert settings.sums.database == "sum.example"
