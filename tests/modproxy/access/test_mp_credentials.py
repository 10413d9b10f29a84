import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.access.credentials import Login, TokenLogin, parse_authorization
from gobp.serving.passwords import new_token

TOKEN = new_token()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@given(st.text().filter(lambda user: ":" not in user), st.text())
def test_a_user_and_password_come_back_whatever_they_are(user: str, password: str) -> None:
    assert parse_authorization(basic(user, password)) == Login(user, password)


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN} ",
        basic("anybody", TOKEN),
        basic("", TOKEN),
        basic(TOKEN, ""),
    ],
    ids=["bearer", "lower-case", "password", "password-alone", "user"],
)
def test_a_token_is_known_wherever_a_client_can_put_it(header: str) -> None:
    assert parse_authorization(header) == TokenLogin(TOKEN)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Digest username=bob",
        "Basic " + "QQ==" * 2000,
        "Bearer \udcff",
        "Basic é",
    ],
)
def test_what_is_not_understood_is_nobody(header: str) -> None:
    assert parse_authorization(header) is None


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    parse_authorization(header)


def test_secrets_are_not_shown() -> None:
    assert "geheim" not in repr(Login("bob", "geheim"))
    assert TOKEN not in repr(TokenLogin(TOKEN))
