"""What the log of a build hides."""

import io
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.reporting.secrets import secrets_of
from gobp.cnb.bindings import Binding
from gobp.log import BuildLog

PROXY = "https://me:hunter%2F22@proxy.example.com,https://open.example.com|direct"


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def hidden(text: str, *bindings: Binding) -> str:
    """Return a line as the log shows it."""
    stream = io.StringIO()
    log = BuildLog(stream)
    log.mask(secrets_of({}, bindings))
    log.action(text)
    return stream.getvalue().strip()


def test_passwords_in_addresses_are_secrets_as_written_as_meant_and_as_sent() -> None:
    found = secrets_of({"GOPROXY": PROXY, "HOME": "/root"}, ())

    assert {"hunter%2F22", "hunter/22", base64("me:hunter/22"), base64("hunter/22")} <= {*found}
    assert "me" not in found


def test_a_password_that_is_not_escaped_is_hidden_all_the_same() -> None:
    found = secrets_of({"GOPROXY": "https://me:top/secret@x", "A": "https://h.example.com/a@b"}, ())

    assert "top/secret" in found
    assert not [text for text in found if "example" in text]


def test_addresses_and_commands_of_bindings_stay_readable_but_for_passwords() -> None:
    bindings = (
        Binding("b", "Procfile", secrets={"Procfile": "web: server --port 80"}),
        Binding("c", "dependency-mirror", secrets={"default": "https://u:mirrorpw@m.example.com"}),
    )

    assert hidden("server --port 80 https://u:mirrorpw@m.example.com", *bindings) == (
        "server --port 80 https://u:***@m.example.com"
    )


def test_short_texts_are_left_readable_and_odd_ones_are_no_addresses() -> None:
    assert secrets_of({"A": "https://a:b@x", "B": "http://[@", "C": "me@example.com"}, ()) == []


@pytest.mark.parametrize(
    "binding",
    [
        Binding(
            "n", "netrc", secrets={"netrc": "machine x.example.com login me password topsecret"}
        ),
        Binding("n", "netrc", secrets={".netrc": "machine x.example.com\npassword topsecret"}),
        Binding("g", "git-credentials", secrets={"credentials": "username=me\npassword=topsecret"}),
        Binding("g", "Git-Credentials", secrets={"username": "me", "password": "topsecret"}),
        Binding("p", "goproxy", secrets={"url": "https://me:topsecret@proxy.example.com"}),
        Binding("p", "goproxy", secrets={"url": "https://x.example.com", "token": "topsecret"}),
        Binding(
            "a",
            "goauth",
            secrets={"goauth": "https://x.example.com\n\nAuthorization: Bearer topsecret"},
        ),
        Binding("s", "ssh", secrets={"ssh-privatekey": "-----BEGIN\ntopsecret\n-----END"}),
        Binding("o", "of-some-other-type", secrets={"file": "one\n  topsecret\n"}),
    ],
    ids=lambda binding: binding.type,
)
def test_the_secret_of_every_type_is_hidden_in_every_form(binding: Binding) -> None:
    line = f"topsecret {base64('topsecret')} key=topsecret"

    assert hidden(line, binding) == "*** *** key=***"


@pytest.mark.parametrize(
    "binding",
    [
        Binding("g", "git-credentials", secrets={"username": "someone", "password": "topsecret"}),
        Binding("n", "netrc", secrets={"netrc": "machine x login someone password topsecret"}),
        Binding("p", "goproxy", secrets={"uri": "https://someone:topsecret@x"}),
    ],
    ids=lambda binding: binding.type,
)
def test_user_and_password_are_hidden_as_a_header_has_them_and_the_user_stays(
    binding: Binding,
) -> None:
    line = f"Authorization: Basic {base64('someone:topsecret')} for someone"

    assert hidden(line, binding) == "Authorization: Basic *** for someone"


def test_addresses_in_bindings_for_credentials_stay_readable() -> None:
    bindings = (
        Binding(
            "p", "goproxy", secrets={"url": "https://proxy.example.com/go", "token": "topsecret"}
        ),
        Binding("g", "git-credentials", secrets={"context": "https://git.example.com/team"}),
        Binding(
            "s", "ssh", secrets={"hosts": "ssh.example.com", "known_hosts": "ssh.example.com k"}
        ),
        Binding("a", "goauth", secrets={"goauth": "https://a.example.com\n\nX-Token: topsecret"}),
    )
    line = "https://proxy.example.com/go https://git.example.com/team ssh.example.com https://a.example.com"

    assert hidden(line, *bindings) == line


def test_a_token_that_stands_for_the_user_is_hidden() -> None:
    token = "ghp_0123456789abcdefghij"
    binding = Binding("g", "git-credentials", secrets={"username": token, "password": "x-oauth"})

    assert hidden(f"user {token}", binding) == "user ***"
    assert token in secrets_of({"GOPROXY": f"https://{token}@proxy.example.com"}, ())


@given(st.dictionaries(st.text(), st.text(), max_size=3), st.sampled_from(("netrc", "goauth", "x")))
def test_whatever_a_binding_holds_its_secrets_can_be_told(
    secrets: dict[str, str], binding_type: str
) -> None:
    assert all(secrets_of(secrets, [Binding("b", binding_type, secrets=secrets)]))


def test_the_log_shows_stars_instead() -> None:
    stream = io.StringIO()
    log = BuildLog(stream)
    log.mask(secrets_of({"GOPROXY": PROXY}, ()))

    log.action("go: reading https://me:hunter%2F22@proxy.example.com/x: 404 Not Found")

    assert "hunter" not in stream.getvalue()
    assert "https://me:***@proxy.example.com/x" in stream.getvalue()
