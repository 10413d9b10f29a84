"""What the log of a build hides."""

import io

from gobp.buildpack.secrets import secrets_of
from gobp.cnb.bindings import Binding
from gobp.log import BuildLog

PROXY = "https://me:hunter%2F22@proxy.example.com,https://open.example.com|direct"


def test_passwords_in_addresses_are_secrets_as_written_and_as_meant() -> None:
    assert secrets_of({"GOPROXY": PROXY, "HOME": "/root"}, ()) == ["hunter%2F22", "hunter/22"]


def test_what_bindings_hold_is_secret_but_for_those_of_addresses_and_commands() -> None:
    bindings = (
        Binding("a", "netrc", secrets={"netrc": "machine x\npassword topsecret\n"}),
        Binding("b", "Procfile", secrets={"Procfile": "web: server --port 80"}),
        Binding("c", "dependency-mirror", secrets={"default": "https://u:mirrorpw@m.example.com"}),
    )

    assert secrets_of({}, bindings) == [
        "machine x",
        "password topsecret",
        "topsecret",
        "mirrorpw",
    ]


def test_short_texts_are_left_readable_and_odd_ones_are_no_addresses() -> None:
    assert secrets_of({"A": "https://a:b@x", "B": "http://[@", "C": "me@example.com"}, ()) == []


def test_the_log_shows_stars_instead() -> None:
    stream = io.StringIO()
    log = BuildLog(stream)
    log.mask(secrets_of({"GOPROXY": PROXY}, ()))

    log.action("go: reading https://me:hunter%2F22@proxy.example.com/x: 404 Not Found")

    assert "hunter" not in stream.getvalue()
    assert "https://me:***@proxy.example.com/x" in stream.getvalue()
