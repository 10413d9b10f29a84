"""Requests to others, at real servers."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gobp.buildservice.hooks.sending import Outgoing, SendingError, check_url, send
from gobp.errors import UserError
from tests.buildservice.hooks.hook_world import Asked, listening


def ok(_: Asked) -> tuple[int, bytes]:
    return 200, b"fine"


def test_a_request_is_sent_and_its_answer_returned() -> None:
    with listening(ok) as server:
        request = Outgoing("POST", f"{server.url}/a?b=c", {"X-A": "b"}, b"body", private=True)
        answer = send(request, 5)
    assert (answer.status, answer.body, answer.ok) == (200, b"fine", True)
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/a?b=c", b"body")
    assert asked.headers["x-a"] == "b"


def test_a_body_may_come_in_parts() -> None:
    with listening(ok) as server:
        send(Outgoing("POST", server.url, {}, iter([b"a", b"b"]), 2, private=True), 5)
    assert server.asked[0].body == b"ab"
    assert server.asked[0].headers["content-length"] == "2"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://localhost:{port}/",
     "http://169.254.169.254/latest/meta-data", "http://[::ffff:127.0.0.1]:{port}/"],
)  # fmt: skip
def test_private_addresses_are_not_connected_to(url: str) -> None:
    with listening(ok) as server:
        with pytest.raises(SendingError, match="does not connect to"):
            send(Outgoing("GET", url.format(port=server.url.rpartition(":")[2])), 5)
        assert server.asked == []


def test_a_metadata_address_is_never_connected_to() -> None:
    with pytest.raises(SendingError, match="does not connect to"):
        send(Outgoing("GET", "http://169.254.169.254/latest", private=True), 5)


def test_a_redirect_is_not_followed() -> None:
    with listening(lambda _: (302, b"")) as server:
        assert send(Outgoing("GET", server.url, private=True), 5).status == 302
        assert len(server.asked) == 1


def test_a_host_that_is_away_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(SendingError, match="cannot be connected to"):
            send(Outgoing("GET", url, private=True), 5)


@pytest.fixture
def trickling() -> Iterator[str]:
    """A server whose answer comes byte by byte, for ever."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        client, _ = listener.accept()
        with client:
            while not over.wait(0.05):
                try:
                    client.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=trickle)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    over.set()
    thread.join()
    listener.close()


def test_an_answer_that_trickles_ends_in_time(trickling: str) -> None:
    begun = time.monotonic()
    with pytest.raises(SendingError):
        send(Outgoing("GET", trickling, private=True), 0.5)
    assert time.monotonic() - begun < 3


def test_a_server_without_tls_is_no_https() -> None:
    with listening(ok) as server, pytest.raises(SendingError, match="no TLS"):
        send(Outgoing("GET", server.url.replace("http:", "https:"), private=True), 5)


@pytest.mark.parametrize("url", ["", "ftp://x", "https://", "https://u:p@x/", "http://x:y/", "//x"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="setting: no http"):
        check_url(url, "setting")


def test_a_secret_goes_over_tls_or_to_this_machine() -> None:
    check_url("https://git.example/api", "setting", secret=True)
    check_url("http://127.0.0.1:3000/api", "setting", secret=True)
    with pytest.raises(UserError, match="without TLS"):
        check_url("http://git.example/api", "setting", secret=True)
