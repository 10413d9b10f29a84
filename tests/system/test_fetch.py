"""gobp.system.fetch: one contract for all fetchers, and every trouble of a network."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.system import fetch
from gobp.system.fetch import Fetcher, HttpFetcher, NotAvailableError, ca_bundle, redacted
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.trouble_server import Answer, Request, TroubleServer, serving

CONTENT = bytes(range(256)) * 9000
CUT = 2_000_000  # bytes; downloads are written in pieces of a MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
Serve = Callable[[Answer], TroubleServer]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    opened = []

    def start(answer: Answer) -> TroubleServer:
        context = serving(answer)
        opened.append(context)
        return context.__enter__()

    yield start
    for context in opened:
        context.__exit__(None, None, None)


def fetcher(said: list[str] | None = None) -> HttpFetcher:
    return HttpFetcher({}, on_retry=(said if said is not None else []).append, pause_seconds=0)


def ranged(request: Request, _: int) -> None:
    if request.path != "/there":
        request.whole(b"no", 404)
    else:
        request.ranged(CONTENT)


def memory_place(_serve: Serve, _tmp_path: Path) -> tuple[Fetcher, str]:
    return MemoryFetcher({"https://example.com/there": CONTENT}), "https://example.com"


def http_place(serve: Serve, _: Path) -> tuple[Fetcher, str]:
    return fetcher(), serve(ranged).url


def file_place(_: Serve, tmp_path: Path) -> tuple[Fetcher, str]:
    place = tmp_path / "a place"
    place.mkdir()
    (place / "there").write_bytes(CONTENT)
    return fetcher(), f"file://{tmp_path}/a%20place"


Place = Callable[[Serve, Path], tuple[Fetcher, str]]
places = pytest.mark.parametrize("place", [memory_place, http_place, file_place])


@places
def test_what_is_there_is_read_and_downloaded(place: Place, serve: Serve, tmp_path: Path) -> None:
    each, base = place(serve, tmp_path)

    each.download(f"{base}/there", tmp_path / "file", sha256=SHA256)

    assert each.read(f"{base}/there") == CONTENT
    assert (tmp_path / "file").read_bytes() == CONTENT


@places
def test_what_is_not_there_is_not_available(place: Place, serve: Serve, tmp_path: Path) -> None:
    each, base = place(serve, tmp_path)

    with pytest.raises(NotAvailableError, match="cannot get"):
        each.read(f"{base}/gone")
    with pytest.raises(NotAvailableError, match="cannot get"):
        each.download(f"{base}/gone", tmp_path / "file")

    assert not [*tmp_path.glob("file*")]


@places
def test_a_wrong_checksum_is_an_error_and_leaves_no_file(
    place: Place, serve: Serve, tmp_path: Path
) -> None:
    each, base = place(serve, tmp_path)

    with pytest.raises(UserError, match="corrupted") as caught:
        each.download(f"{base}/there", tmp_path / "file", sha256="0" * 64)

    assert not isinstance(caught.value, NotAvailableError)
    assert not [*tmp_path.glob("file*")]


@pytest.mark.parametrize("url", ["file:///", "file:///etc/passwd/x", "file:///nowhere"])
def test_a_file_url_that_names_no_file_is_not_available(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError, match="there is no such file"):
        fetcher().read(url)
    with pytest.raises(NotAvailableError, match="there is no such file"):
        fetcher().download(url, tmp_path / "file")


def test_a_download_replaces_what_was_there_and_ignores_an_old_part(
    serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "file.part").write_text("of a process that was killed")

    fetcher().download(f"{serve(ranged).url}/there", tmp_path / "file", sha256=SHA256)

    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_cut_download_goes_on_where_it_was_cut(serve: Serve, tmp_path: Path) -> None:
    def cut_once(request: Request, number: int) -> None:
        if number == 1:
            request.cut(CONTENT, CUT)
        else:
            request.ranged(CONTENT)

    server = serve(cut_once)
    said: list[str] = []
    fetcher(said).download(f"{server.url}/x", tmp_path / "file", sha256=SHA256)

    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.requests[1][1]["Range"] == "bytes=1048576-"
    assert len(said) == 1
    assert "trying again (2 of 3)" in said[0]


def test_a_server_without_ranges_is_asked_for_all_of_it_again(serve: Serve, tmp_path: Path) -> None:
    def cut_once(request: Request, number: int) -> None:
        request.cut(CONTENT, CUT if number == 1 else len(CONTENT))

    fetcher().download(f"{serve(cut_once).url}/x", tmp_path / "file", sha256=SHA256)

    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_that_became_shorter_is_fetched_anew(serve: Serve, tmp_path: Path) -> None:
    def shorter(request: Request, number: int) -> None:
        if number == 1:
            request.cut(CONTENT, CUT)
        else:
            request.ranged(b"short")

    fetcher().download(f"{serve(shorter).url}/x", tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == b"short"


def test_a_download_that_is_always_cut_ends_after_three_attempts(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(lambda request, _: request.cut(CONTENT, 10))

    with pytest.raises(NotAvailableError):
        fetcher().download(f"{server.url}/x", tmp_path / "file")

    assert len(server.requests) == fetch.ATTEMPTS
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_trouble_that_may_pass_is_tried_again(serve: Serve, status: int) -> None:
    def once(request: Request, number: int) -> None:
        request.whole(b"busy", status) if number < fetch.ATTEMPTS else request.whole(CONTENT)

    assert fetcher().read(f"{serve(once).url}/x") == CONTENT


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 501])
def test_an_answer_that_stays_is_not_asked_for_again(serve: Serve, status: int) -> None:
    server = serve(lambda request, _: request.whole(b"no", status))

    with pytest.raises(NotAvailableError, match=f"it answered {status}"):
        fetcher().read(f"{server.url}/x")

    assert len(server.requests) == 1


def test_a_small_answer_that_is_cut_is_read_again(serve: Serve) -> None:
    server = serve(lambda request, number: request.cut(b"1.26.8", 3 if number == 1 else 6))

    assert fetcher().read(f"{server.url}/list") == b"1.26.8"


def test_an_answer_that_is_too_large_is_not_taken_for_a_small_one(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "SMALL_LIMIT", 100)
    server = serve(lambda request, _: request.whole(bytes(101)))

    with pytest.raises(NotAvailableError, match="larger than"):
        fetcher().read(f"{server.url}/list")


def test_a_silent_server_is_given_up(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "READ_SECONDS", 0.1)
    done = threading.Event()

    def say_nothing(_: Request, __: int) -> None:
        done.wait(5)

    server = serve(say_nothing)

    with pytest.raises(NotAvailableError, match="it did not answer in time"):
        fetcher().download(f"{server.url}/x", tmp_path / "file")
    done.set()

    assert len(server.requests) == fetch.ATTEMPTS


def test_a_port_without_a_server_is_said_in_plain_words() -> None:
    with pytest.raises(NotAvailableError, match="the connection was refused"):
        fetcher().read("http://127.0.0.1:1/x")


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://example.com/x", "http://", "http://[bad/x", "http://a..b/x", ""]
)
def test_an_address_that_is_none_is_not_available(url: str) -> None:
    said: list[str] = []

    with pytest.raises(NotAvailableError, match="cannot get"):
        fetcher(said).read(url)

    assert said == []


def test_credentials_in_an_address_are_used_and_never_shown(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda request, _: request.whole(b"busy", 503))
    said: list[str] = []
    url = server.url.replace("//", "//me:hunter2@")

    with pytest.raises(NotAvailableError) as caught:
        fetcher(said).download(f"{url}/x", tmp_path / "file")

    assert server.requests[0][1]["Authorization"].startswith("Basic ")
    assert "hunter2" not in str(caught.value) + "".join(said)
    assert f"{server.url}/x" in caught.value.summary


def test_the_user_agent_names_gobp(serve: Serve) -> None:
    server = serve(lambda request, _: request.whole(b"x"))

    fetcher().read(f"{server.url}/x")

    assert server.requests[0][1]["User-Agent"] == "gobp"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@example.com/go", "https://example.com/go"),
        ("https://me:se@cret@example.com/go", "https://example.com/go"),
        (
            "https://example.com/golang.org/toolchain@v0",
            "https://example.com/golang.org/toolchain@v0",
        ),
        ("https://example.com?user=a@b", "https://example.com?user=a@b"),
        ("file:///a@b", "file:///a@b"),
        ("http://[bad", "http://[bad"),
    ],
)
def test_an_address_is_shown_without_user_and_password(url: str, shown: str) -> None:
    assert redacted(url) == shown


@given(st.text("abc:@%", min_size=1), st.sampled_from(["/p", "/m@v1", ""]))
def test_nothing_of_the_credentials_is_shown(secret: str, path: str) -> None:
    assert redacted(f"https://{secret}@example.com{path}") == f"https://example.com{path}"


def test_the_certificates_named_by_the_user_come_first(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pem"
    mine.write_text("")

    assert ca_bundle({"SSL_CERT_FILE": str(mine)}) == str(mine)
    assert ca_bundle({"REQUESTS_CA_BUNDLE": str(mine)}) == str(mine)
    assert ca_bundle({"SSL_CERT_FILE": "/nowhere"}) == ca_bundle({})


class TestCredentials:
    def env(self, folder: Path, text: str) -> dict[str, str]:
        (folder / "netrc").write_text(text)
        return {"NETRC": str(folder / "netrc")}

    def test_a_netrc_file_says_who_asks(self, serve: Serve, tmp_path: Path) -> None:
        server = serve(lambda request, _: request.whole(b"ok"))
        host = server.url.removeprefix("http://")
        env = self.env(tmp_path, f"machine {host} login me password secret\n")

        HttpFetcher(env).read(f"{server.url}/x")

        assert server.requests[0][1]["Authorization"] == "Basic bWU6c2VjcmV0"

    def test_only_the_environment_of_the_build_counts(
        self, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(lambda request, _: request.whole(b"ok"))
        monkeypatch.setenv(
            "NETRC", self.env(tmp_path, "machine 127.0.0.1 login me password secret\n")["NETRC"]
        )

        HttpFetcher({}).read(f"{server.url}/x")

        assert "Authorization" not in server.requests[0][1]

    def test_a_redirect_to_another_host_gets_no_credentials(
        self, serve: Serve, tmp_path: Path
    ) -> None:
        other = serve(lambda request, _: request.whole(b"there"))

        def answer(request: Request, number: int) -> None:
            request.send_response(302)
            target = f"{other.url}/x" if number > 1 else "/again"
            request.send_header("Location", target)
            request.send_header("Content-Length", "0")
            request.end_headers()

        server = serve(answer)
        ports = [each.url.removeprefix("http://") for each in (server, other)]
        env = self.env(tmp_path, "".join(f"machine {p} login a password b\n" for p in ports))

        assert HttpFetcher(env).read(f"{server.url}/x") == b"there"

        assert ["Authorization" in headers for _, headers in server.requests] == [True, True]
        assert ["Authorization" in headers for _, headers in other.requests] == [False]

    def test_redirects_without_end_are_given_up(self, serve: Serve) -> None:
        def answer(request: Request, _: int) -> None:
            request.send_response(307)
            request.send_header("Location", request.path)
            request.send_header("Content-Length", "0")
            request.end_headers()

        server = serve(answer)

        with pytest.raises(NotAvailableError, match="it answered 307"):
            HttpFetcher({}).read(f"{server.url}/x")

        assert len(server.requests) == 11
