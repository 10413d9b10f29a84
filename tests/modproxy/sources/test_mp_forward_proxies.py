"""Forward proxies, as golang.org/x/net/http/httpproxy chooses them."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.modproxy.settings.schema import Upstream
from gobp.modproxy.sources.chain import OffSource
from gobp.modproxy.sources.forward_proxies import ForwardProxies
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.source import UnavailableError
from gobp.serving.settings.values import Duration
from tests.fakes.trouble_server import serving
from tests.modproxy.sources.upstreams import ForwardProxy

PROXY = "http://proxy.example.com:3128"


def of(url: str, **env: str) -> str:
    return ForwardProxies.from_environment(env).of(url)


@pytest.mark.parametrize(
    ("env", "url", "proxy"),
    [
        ({}, "https://a.example.com/", ""),
        ({"HTTPS_PROXY": PROXY}, "https://a.example.com/", PROXY),
        ({"https_proxy": PROXY}, "https://a.example.com/", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://a.example.com/", ""),
        ({"HTTP_PROXY": PROXY}, "http://a.example.com/", PROXY),
        ({"HTTP_PROXY": PROXY}, "https://a.example.com/", ""),
        ({"HTTPS_PROXY": PROXY, "https_proxy": "http://b"}, "https://a.example.com/", PROXY),
        ({"HTTPS_PROXY": "", "https_proxy": PROXY}, "https://a.example.com/", PROXY),
        ({"HTTPS_PROXY": "proxy:3128"}, "https://a.example.com/", "http://proxy:3128"),
        ({"ALL_PROXY": PROXY}, "https://a.example.com/", ""),
        ({"HTTP_PROXY": PROXY}, "http://localhost:80/", ""),
        ({"HTTP_PROXY": PROXY}, "http://127.0.0.5:80/", ""),
        ({"HTTP_PROXY": PROXY}, "http://[::1]:80/", ""),
    ],
)
def test_a_proxy_is_chosen_by_scheme(env: Mapping[str, str], url: str, proxy: str) -> None:
    assert of(url, **env) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "url", "excepted"),
    [
        ("example.com", "https://example.com/", True),
        ("example.com", "https://a.example.com/", True),
        ("EXAMPLE.com", "https://A.Example.COM/", True),
        ("example.com", "https://notexample.com/", False),
        (".example.com", "https://a.example.com/", True),
        (".example.com", "https://example.com/", False),
        ("*.example.com", "https://a.example.com/", True),
        ("*.example.com", "https://example.com/", False),
        ("example.com:443", "https://example.com/", True),
        ("example.com:8443", "https://example.com/", False),
        ("example.com:8443", "https://example.com:8443/", True),
        ("*", "https://example.com/", True),
        ("a.example.org, example.com ,", "https://example.com/", True),
        ("10.1.2.3", "https://10.1.2.3/", True),
        ("10.1.2.3:443", "https://10.1.2.3/", True),
        ("10.1.2.3:80", "https://10.1.2.3/", False),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.0.0.0/8", "https://example.com/", False),
        ("fd00::/8", "https://[fd00::1]/", True),
        ("[fd00::1]:443", "https://[fd00::1]/", True),
        ("fd00::1", "https://[fd00::1]/", True),
        (":443", "https://example.com/", False),
        ("example.com:port", "https://example.com/", False),
        ("", "https://example.com/", False),
    ],
)
def test_exceptions_are_asked_without_the_proxy(no_proxy: str, url: str, *, excepted: bool) -> None:
    assert (of(url, HTTPS_PROXY=PROXY, NO_PROXY=no_proxy) == "") is excepted
    assert (of(url, HTTPS_PROXY=PROXY, no_proxy=no_proxy) == "") is excepted


@pytest.mark.parametrize("value", ["socks5://proxy:1080", "http://", "http://proxy:port"])
def test_a_proxy_that_is_none_for_http_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="HTTPS_PROXY is no address"):
        of("https://example.com/", HTTPS_PROXY=value)


@given(st.text(max_size=40))
def test_any_text_may_be_an_exception(no_proxy: str) -> None:
    assert of("https://example.com/", HTTPS_PROXY=PROXY, NO_PROXY=no_proxy) in {"", PROXY}


def through(proxy: ForwardProxy, *, login: str = "") -> bytes:
    """Return what a server whose name only the proxy knows answers."""

    async def run() -> bytes:
        async with proxy.running():
            env = {"http_proxy": proxy.url.replace("http://", f"http://{login}")}
            sources = Sources(Upstream(attempts=1), direct=OffSource(), env=env)
            try:
                return await sources.proxy("http://modules.example.com").read("a/@v/list")
            finally:
                await sources.close()

    return asyncio.run(run())


def test_a_server_is_asked_through_the_proxy() -> None:
    with serving(lambda request, _: request.whole(b"v1.0.0\n")) as server:
        proxy = ForwardProxy(hosts={"modules.example.com": f"127.0.0.1:{server.server_port}"})
        assert through(proxy) == b"v1.0.0\n"

    assert proxy.asked == ["GET http://modules.example.com/a/@v/list"]


def test_a_proxy_is_told_who_asks() -> None:
    with serving(lambda request, _: request.whole(b"v1.0.0\n")) as server:
        hosts = {"modules.example.com": f"127.0.0.1:{server.server_port}"}
        assert through(ForwardProxy(login="ann:secret", hosts=hosts), login="ann:secret@")


def test_a_proxy_that_lets_nothing_through_is_trouble() -> None:
    with pytest.raises(UnavailableError) as caught:
        through(ForwardProxy(login="ann:secret"), login="ann:wrong@")

    assert caught.value.status == 502
    assert "wrong" not in caught.value.text


def test_a_proxy_that_says_nothing_is_not_waited_for() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.close()

    async def run() -> None:
        async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
            env = {"HTTPS_PROXY": f"127.0.0.1:{server.sockets[0].getsockname()[1]}"}
            short = Upstream(attempts=1, connect_timeout=Duration(0.2), read_timeout=Duration(0.2))
            sources = Sources(short, direct=OffSource(), env=env)
            try:
                await sources.proxy("https://modules.example.com").read("a/@v/list")
            finally:
                await sources.close()

    with pytest.raises(UnavailableError, match="did not answer in time"):
        asyncio.run(asyncio.wait_for(run(), 5))
