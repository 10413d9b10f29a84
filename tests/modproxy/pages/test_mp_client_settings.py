"""The settings to copy."""

import pytest

from gobp.modproxy.pages.client_settings import client_settings, public_url
from gobp.modproxy.settings.schema import Access, Rule, Settings, Sums, Token
from gobp.serving.listening import Tls
from tests.modproxy.pages.page_readers import ANN, ANYBODY, Somebody

PUBLIC = Settings(public_url="https://go.corp.example/team/")
PRIVATE = (
    Rule(modules="corp.example/*,*.corp.example", private=True),
    Rule(modules="github.com/public", private=False),
)


def lines(settings: Settings, reader: Somebody = ANN, title: str = "For your machine") -> list[str]:
    found = {snippet.title: snippet for snippet in client_settings(settings, reader, "")}
    return found[title].lines.splitlines() if title in found else []


def test_a_public_proxy_needs_one_setting() -> None:
    assert lines(PUBLIC) == ["go env -w GOPROXY=https://go.corp.example/team,direct"]


def test_private_modules_come_from_the_proxy_and_not_around_it() -> None:
    settings = Settings(public_url="https://p.example", rules=PRIVATE)
    assert lines(settings) == [
        "go env -w GOPROXY=https://p.example,direct",
        "go env -w GOPRIVATE=corp.example/*,*.corp.example",
        "go env -w GONOPROXY=none",
    ]


def test_modules_without_a_checksum_database_are_named_with_the_private_ones() -> None:
    settings = Settings(rules=PRIVATE[:1], sums=Sums(unlisted="odd.example"))
    assert "go env -w GONOSUMDB=corp.example/*,*.corp.example,odd.example" in lines(settings)


def test_private_patterns_are_not_shown_to_somebody_without_a_name() -> None:
    settings = Settings(rules=(Rule(modules="corp.example/*", private=True),))
    assert "corp" not in str(client_settings(settings, ANYBODY, ""))
    assert "corp" in str(client_settings(settings, Somebody("", hidden=""), ""))


def test_ci_is_told_the_same_as_variables() -> None:
    assert lines(PUBLIC, title="For CI, or a Dockerfile with ENV") == [
        "GOPROXY=https://go.corp.example/team,direct",
        "GOFLAGS=-modcacherw",
    ]


def test_the_login_is_shown_where_there_are_users() -> None:
    access = Access(tokens=(Token(name="ci", token_hash="sha256:0"),))
    settings = Settings(public_url="https://p.example:8443/go", access=access)
    title = "In ~/.netrc, to log in"
    assert lines(settings, title=title) == ["machine p.example:8443 login USER password PASSWORD"]
    assert lines(PUBLIC, title=title) == []


def test_certificates_matter_for_https_only() -> None:
    title = "Where the certificate is your company's own"
    assert lines(PUBLIC, title=title) == ["export SSL_CERT_FILE=/etc/ssl/certs/company-ca.pem"]
    assert lines(Settings(), title=title) == []


@pytest.mark.parametrize(
    ("settings", "reached", "expected"),
    [
        (PUBLIC, "http://other:1", "https://go.corp.example/team"),
        (Settings(), "http://localhost:8130/", "http://localhost:8130"),
        (Settings(base_path="/go"), "https://p.example/go", "https://p.example/go"),
        (Settings(), "", "http://127.0.0.1:8130"),
        (Settings(listen="0.0.0.0:80", base_path="/go/"), "", "http://proxy.example.com/go"),
        (Settings(tls=Tls(certificate="c", key="k")), "", "https://127.0.0.1:8130"),
        (Settings(listen="unix:/run/x"), "", "http://proxy.example.com"),
        (Settings(), "http://evil$(reboot)/", "http://127.0.0.1:8130"),
        (Settings(), "http://a b/", "http://127.0.0.1:8130"),
        (Settings(), "javascript:alert(1)", "http://127.0.0.1:8130"),
    ],
)
def test_the_url_is_the_public_one_or_that_by_which_it_was_reached(
    settings: Settings, reached: str, expected: str
) -> None:
    assert public_url(settings, reached) == expected
