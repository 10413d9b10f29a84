"""The HTTP source against real servers that give trouble."""

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gobp.modproxy.settings.schema import Upstream
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    SourceError,
    UnavailableError,
)
from gobp.serving.settings.values import Duration
from tests.fakes.trouble_server import Request, TroubleServer, serving
from tests.modproxy.sources.upstreams import (
    MOD,
    MODULE,
    QUICK,
    ZIP,
    KeptSink,
    fetched,
    read,
    with_sources,
)

pytestmark = pytest.mark.slow

CONTENT = bytes(range(256)) * 4000
PATH = "example.com/!big/@v/v1.0.0.mod"


def text(request: Request, status: int, body: str = "", **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content_Type": "text/plain; charset=utf-8", **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body.encode())


def redirect(request: Request, to: str, status: int = 302) -> None:
    text(request, status, Location=to)


def paths(server: TroubleServer) -> list[str]:
    return [path for path, _ in server.requests]


def test_the_files_of_a_module_are_asked_for_at_escaped_paths() -> None:
    with serving(lambda request, _: request.whole(CONTENT)) as server:
        sink = fetched(f"{server.url}/team/go/")

    assert sink.content == CONTENT
    assert sink.length == len(CONTENT)
    assert paths(server) == ["/team/go/example.com/!big/@v/v1.0.0.zip"]


def test_a_list_has_only_versions_that_fit_the_module() -> None:
    with serving(lambda request, _: text(request, 200, "v1.10.0\r\nv1.9.0\nv2.0.0\nx")) as server:
        versions = with_sources(lambda sources: sources.proxy(server.url).versions(MODULE))

    assert versions == ("v1.9.0", "v1.10.0")


def test_without_a_file_latest_it_is_found_by_the_list() -> None:
    def answer(request: Request, _: int) -> None:
        if request.path.endswith("list"):
            text(request, 200, "v1.0.0\nv1.2.0\nv1.3.0-rc.1\n")
        elif request.path.endswith("v1.2.0.info"):
            text(request, 200, '{"Version":"v1.2.0"}')
        else:
            text(request, 404)

    with serving(answer) as server:
        info = with_sources(lambda sources: sources.proxy(server.url).latest(MODULE))

    assert info.version == "v1.2.0"


def test_among_pseudo_versions_the_latest_is_that_of_the_latest_time() -> None:
    older, newer = "v0.9.0-0.20240101000000-abcdefabcdef", "v0.0.0-20250101000000-abcdefabcdef"

    def answer(request: Request, _: int) -> None:
        if request.path.endswith("list"):
            text(request, 200, f"{newer}\n{older}\njunk-20260101000000-abcdefabcdef\n")
        elif request.path.endswith(f"{newer}.info"):
            text(request, 200, f'{{"Version":"{newer}"}}')
        else:
            text(request, 410)

    with serving(answer) as server:
        info = with_sources(lambda sources: sources.proxy(server.url).latest(MODULE))

    assert info.version == newer


def test_of_a_module_without_versions_the_first_answer_is_told() -> None:
    def answer(request: Request, _: int) -> None:
        text(request, *((200, "") if request.path.endswith("list") else (404, "no such module")))

    with serving(answer) as server, pytest.raises(NotFoundError, match=r"^no such module$"):
        with_sources(lambda sources: sources.proxy(server.url).latest(MODULE))


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (404, NotFoundError, 404),
        (410, NotFoundError, 410),
        (400, RefusedError, 400),
        (401, RefusedError, 403),
        (403, RefusedError, 403),
        (204, UnavailableError, 502),
        (206, UnavailableError, 502),
        (418, UnavailableError, 502),
        (429, UnavailableError, 503),
        (500, UnavailableError, 502),
        (501, UnavailableError, 502),
        (502, UnavailableError, 502),
        (503, UnavailableError, 503),
        (504, UnavailableError, 504),
    ],
)
def test_a_status_is_told_as_the_go_command_needs_it(
    status: int, kind: type[SourceError], told: int
) -> None:
    once = Upstream(attempts=1)
    reason = "" if status == 204 else "the reason"  # no body can follow that status
    with (
        serving(lambda request, _: text(request, status, reason)) as server,
        pytest.raises(kind, match=reason or "No Content") as caught,
    ):
        with_sources(lambda sources: sources.proxy(server.url).read(PATH), settings=once)

    assert caught.value.status == told


def test_what_is_not_plain_text_is_not_shown() -> None:
    def answer(request: Request, _: int) -> None:
        text(request, 404, "<html>secret</html>", Content_Type="text/html")

    with serving(answer) as server, pytest.raises(NotFoundError) as caught:
        read(server.url, PATH)

    assert caught.value.text == f"{server.url} answered 404 Not Found"


def test_403_is_not_found_where_the_settings_say_so() -> None:
    lenient = Upstream(forbidden_is_missing=True)
    with (
        serving(lambda request, _: text(request, 403, "not available")) as server,
        pytest.raises(NotFoundError, match="not available") as caught,
    ):
        with_sources(lambda sources: sources.proxy(server.url).read(PATH), settings=lenient)

    assert caught.value.status == 404


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_trouble_is_tried_again(status: int) -> None:
    def answer(request: Request, number: int) -> None:
        text(request, *((status, "") if number < 3 else (200, "fine")))

    with serving(answer) as server:
        assert read(server.url, PATH) == b"fine"

    assert len(server.requests) == 3


def test_what_is_not_there_is_asked_for_once() -> None:
    with serving(lambda request, _: text(request, 404)) as server, pytest.raises(NotFoundError):
        read(server.url, PATH)

    assert len(server.requests) == 1


def test_the_time_that_a_server_asks_for_is_waited() -> None:
    def answer(request: Request, number: int) -> None:
        if number == 1:
            text(request, 429, Retry_After="1")
        else:
            text(request, 200, "fine")

    start = time.monotonic()
    with serving(answer) as server:
        assert read(server.url, PATH) == b"fine"

    assert time.monotonic() - start >= 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("999999999", 3600),
        ("Sat, 01 Jan 2028 00:02:00 GMT", 120),
    ],
)
def test_a_server_that_asks_for_too_much_time_is_not_waited_for(header: str, seconds: int) -> None:
    def answer(request: Request, _: int) -> None:
        request.send_response_only(503)
        request.send_header("Date", "Sat, 01 Jan 2028 00:00:00 GMT")
        request.send_header("Retry-After", header)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with serving(answer) as server, pytest.raises(UnavailableError) as caught:
        read(server.url, PATH)

    assert (caught.value.status, caught.value.retry_after) == (503, seconds)
    assert len(server.requests) == 1


@pytest.mark.parametrize("header", ["soon", "-1", "0", "Sat, 99 Jan 2028 00:02:00 GMT"])
def test_nonsense_for_a_time_to_wait_is_passed_over(header: str) -> None:
    def answer(request: Request, number: int) -> None:
        text(request, *((503, "") if number == 1 else (200, "fine")), Retry_After=header)

    with serving(answer) as server:
        assert read(server.url, PATH) == b"fine"


def test_a_download_that_is_cut_goes_on_where_it_broke_off() -> None:
    def answer(request: Request, number: int) -> None:
        if number == 1:
            request.cut(CONTENT, 300_000)
        else:
            request.ranged(CONTENT)

    with serving(answer) as server:
        sink = fetched(server.url)

    assert sink.content == CONTENT
    start = int(server.requests[1][1]["Range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= 300_000


def test_the_rest_is_asked_for_only_of_the_same_file() -> None:
    def answer(request: Request, number: int) -> None:
        if number > 1:
            request.ranged(CONTENT)
            return
        request.send_response(200)
        request.send_header("ETag", '"one"')
        request.send_header("Content-Length", str(len(CONTENT)))
        request.end_headers()
        request.wfile.write(CONTENT[:1000])

    with serving(answer) as server:
        assert fetched(server.url).content == CONTENT

    assert server.requests[1][1]["If-Range"] == '"one"'


def test_a_server_without_ranges_sends_all_again() -> None:
    def answer(request: Request, number: int) -> None:
        request.cut(CONTENT, 300_000 if number < 3 else len(CONTENT))

    with serving(answer) as server:
        assert fetched(server.url).content == CONTENT

    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "content_range", "reason"),
    [
        (200, "", "it is another file now"),
        (206, "bytes 0-9/10", "the range that was sent is not the one asked for"),
        (206, "", "the range that was sent is not the one asked for"),
        (416, "", "the rest of it is not there"),
    ],
)
def test_another_file_is_not_taken_for_the_rest(
    status: int, content_range: str, reason: str
) -> None:
    def answer(request: Request, number: int) -> None:
        if number == 1:
            request.cut(CONTENT, 300_000)
            return
        request.send_response(status)
        request.send_header("Content-Range", content_range)
        request.send_header("Content-Length", "10")
        request.end_headers()
        request.wfile.write(bytes(10))

    with serving(answer) as server, pytest.raises(UnavailableError, match=reason):
        fetched(server.url)

    assert len(server.requests) == 2


def test_a_download_that_is_always_cut_fails() -> None:
    with (
        serving(lambda request, _: request.cut(CONTENT, 300_000)) as server,
        pytest.raises(UnavailableError, match="cut short"),
    ):
        fetched(server.url)

    assert len(server.requests) == QUICK.attempts


def test_a_small_file_that_is_cut_is_never_taken() -> None:
    with (
        serving(lambda request, _: request.cut(b"module example.com/big\n", 10)) as server,
        pytest.raises(UnavailableError, match="cut short"),
    ):
        read(server.url, PATH)


def test_an_answer_without_a_length_is_taken_to_its_end() -> None:
    def answer(request: Request, _: int) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(CONTENT)

    with serving(answer) as server:
        sink = fetched(server.url)

    assert (sink.content, sink.length) == (CONTENT, None)


def test_an_answer_that_was_compressed_on_its_way_is_unpacked() -> None:
    def answer(request: Request, _: int) -> None:
        packed = gzip.compress(CONTENT)
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.send_header("Content-Length", str(len(packed)))
        request.end_headers()
        request.wfile.write(packed)

    with serving(answer) as server:
        sink = fetched(server.url)

    assert (sink.content, sink.length) == (CONTENT, None)
    assert server.requests[0][1]["Accept-Encoding"] == "identity"


def test_a_small_file_is_bounded() -> None:
    with (
        serving(lambda request, _: request.whole(bytes(17 * 1024 * 1024))) as server,
        pytest.raises(UnavailableError, match="larger than 16777216 bytes"),
    ):
        read(server.url, PATH)

    assert len(server.requests) == 1


def test_what_the_sink_refuses_is_not_asked_for_again() -> None:
    with (
        serving(lambda request, _: request.whole(CONTENT)) as server,
        pytest.raises(RefusedError, match="too large"),
    ):
        with_sources(lambda sources: sources.proxy(server.url).fetch(ZIP, KeptSink(most=1000)))

    assert len(server.requests) == 1


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    released = threading.Event()
    short = Upstream(read_timeout=Duration(0.2), attempts=2)

    def answer(_: Request, __: int) -> None:
        released.wait(10)

    with serving(answer) as server:
        with pytest.raises(UnavailableError, match="did not answer in time") as caught:
            with_sources(lambda sources: sources.proxy(server.url).read(PATH), settings=short)
        released.set()

    assert caught.value.status == 504


def test_a_download_that_stalls_goes_on_with_another_connection() -> None:
    released = threading.Event()
    short = Upstream(read_timeout=Duration(0.2), attempts=3)

    def answer(request: Request, number: int) -> None:
        if number > 1:
            request.ranged(CONTENT)
            return
        request.cut(CONTENT, 300_000)
        request.wfile.flush()
        released.wait(10)

    with serving(answer) as server:
        sink = fetched(server.url, settings=short)
        released.set()

    assert sink.content == CONTENT


def test_a_port_where_nobody_listens_is_told_plainly() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    with pytest.raises(UnavailableError, match="no connection: Connect") as caught:
        read(url, PATH)

    assert caught.value.status == 502


def test_a_host_that_is_down_is_not_asked_by_everybody() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    async def ask_often(sources: Sources) -> float:
        source = sources.proxy(url)
        with pytest.raises(UnavailableError):
            await source.read(PATH)
        start = time.monotonic()
        for _ in range(100):
            with pytest.raises(UnavailableError, match="no connection"):
                await source.read(PATH)
        return time.monotonic() - start

    assert with_sources(ask_often) < 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(status: int) -> None:
    def answer(request: Request, number: int) -> None:
        if number == 1:
            redirect(request, "/elsewhere", status)
        else:
            text(request, 200, "fine")

    with serving(answer) as server:
        assert read(server.url, PATH) == b"fine"

    assert paths(server) == [f"/{PATH}", "/elsewhere"]


def test_a_loop_of_redirects_ends() -> None:
    with (
        serving(lambda request, _: redirect(request, request.path)) as server,
        pytest.raises(UnavailableError, match="stopped after 10 redirects"),
    ):
        read(server.url, PATH)

    assert len(server.requests) == 11


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.com/", "http://["])
def test_a_redirect_leads_to_web_servers_only(target: str) -> None:
    with (
        serving(lambda request, _: redirect(request, target)) as server,
        pytest.raises(UnavailableError, match=r"redirects to|is no address"),
    ):
        read(server.url, PATH)


def test_credentials_are_sent_at_once_and_only_to_their_origin() -> None:
    with serving(lambda request, _: text(request, 200, "fine")) as other:

        def answer(request: Request, number: int) -> None:
            redirect(request, request.path if number == 1 else f"{other.url}/x")

        with serving(answer) as server:
            url = server.url.replace("http://", "http://ann:p%40ss@")
            assert read(url, PATH) == b"fine"

    sent = [headers.get("Authorization") for _, headers in server.requests]
    assert sent == ["Basic YW5uOnBAc3M="] * 2
    assert "Authorization" not in other.requests[0][1]


def test_credentials_of_netrc_are_used(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    with serving(lambda request, _: text(request, 200, "fine")) as server:
        netrc.write_text(f"machine 127.0.0.1:{server.server_port} login ann password p@ss")
        assert read(server.url, PATH, env={"NETRC": str(netrc)}) == b"fine"

    assert server.requests[0][1]["Authorization"] == "Basic YW5uOnBAc3M="


def test_secrets_are_in_no_error() -> None:
    answers: list[Callable[[Request, int], None]] = [
        lambda request, _: text(request, 401),
        lambda request, _: request.cut(CONTENT, 10),
        lambda request, _: redirect(request, request.path),
        lambda request, _: redirect(request, "ftp://ann:hunter2@example.com/"),
    ]
    for answer in answers:
        with serving(answer) as server, pytest.raises(SourceError) as caught:
            read(server.url.replace("http://", "http://ann:hunter2@"), PATH)
        assert "hunter2" not in caught.value.text


def test_many_requests_share_a_bounded_number_of_connections() -> None:
    at_once: list[int] = []
    running = threading.Semaphore(0)

    def answer(request: Request, _: int) -> None:
        running.release()
        time.sleep(0.02)
        at_once.append(running._value)
        running.acquire()
        text(request, 200, "fine")

    async def ask_much(sources: Sources) -> None:
        source = sources.proxy(server.url)
        await asyncio.gather(*(source.read(PATH) for _ in range(40)))

    with serving(answer) as server:
        with_sources(ask_much, settings=Upstream(per_host=3))

    assert max(at_once) <= 3


def test_a_mod_file_is_fetched_as_it_is() -> None:
    with serving(lambda request, _: request.whole(b"module example.com/Big\n")) as server:
        assert fetched(server.url, MOD).content == b"module example.com/Big\n"


def test_an_answer_that_is_no_info_is_trouble() -> None:
    with (
        serving(lambda request, _: text(request, 200, "<html>")) as server,
        pytest.raises(UnavailableError, match=r"answered no \.info file: it is not JSON"),
    ):
        with_sources(lambda sources: sources.proxy(server.url).info(MODULE, "v1.0.0"))


def test_a_signed_redirect_is_in_no_error() -> None:
    def answer(request: Request, _: int) -> None:
        redirect(request, "/loop?signature=hunter2")

    with serving(answer) as server, pytest.raises(UnavailableError, match="redirects") as caught:
        read(server.url, PATH)

    assert "hunter2" not in caught.value.text


def test_where_a_redirect_leads_nowhere_the_server_itself_is_not_down() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"

    def answer(request: Request, _: int) -> None:
        if request.path.endswith(".zip"):
            redirect(request, nowhere)
        else:
            text(request, 200, "fine")

    async def ask(sources: Sources) -> bytes:
        source = sources.proxy(server.url)
        with pytest.raises(UnavailableError, match=f"^{nowhere}: no connection"):
            await source.fetch(ZIP, KeptSink())
        return await source.read(PATH)

    with serving(answer) as server:
        assert with_sources(ask) == b"fine"


def test_a_host_that_is_slow_with_one_file_is_asked_for_others() -> None:
    released = threading.Event()
    short = Upstream(read_timeout=Duration(0.2), attempts=1)

    def answer(request: Request, _: int) -> None:
        if request.path.endswith(".zip"):
            released.wait(10)
        else:
            text(request, 200, "fine")

    async def ask(sources: Sources) -> bytes:
        source = sources.proxy(server.url)
        with pytest.raises(UnavailableError, match="did not answer in time"):
            await source.fetch(ZIP, KeptSink())
        return await source.read(PATH)

    with serving(answer) as server:
        assert with_sources(ask, settings=short) == b"fine"
        released.set()


def test_an_answer_in_chunks_that_is_cut_is_trouble() -> None:
    def answer(request: Request, _: int) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"5\r\nmodul\r\n")
        request.close_connection = True

    with serving(answer) as server, pytest.raises(UnavailableError, match="cut short"):
        read(server.url, PATH)


def test_what_is_not_http_is_trouble() -> None:
    def answer(request: Request, _: int) -> None:
        request.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    with serving(answer) as server, pytest.raises(UnavailableError, match=r"is not HTTP$"):
        read(server.url, PATH)
