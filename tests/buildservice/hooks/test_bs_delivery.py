"""What git servers send, read; payloads are shortened from their documents."""

import hashlib
import hmac
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.hooks.delivery import (
    Kind,
    MalformedError,
    Tagged,
    delivery_id,
    is_signed,
    parse_delivery,
)
from tests.buildservice.hooks.payloads import GITEA, GITHUB, GITLAB, payload

SECRET = b"a long secret"
TAGGED = Tagged("git.example", "team/app", "v1.2.3")
HEADERS: Mapping[Kind, Mapping[str, str]] = {"github": GITHUB, "gitlab": GITLAB, "gitea": GITEA}
KINDS: list[Kind] = ["github", "gitlab", "gitea"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_push_of_a_tag_is_read(kind: Kind) -> None:
    assert parse_delivery(kind, HEADERS[kind], payload(kind, "refs/tags/v1.2.3")) == TAGGED


@pytest.mark.parametrize("kind", KINDS)
def test_a_branch_is_no_tag(kind: Kind) -> None:
    assert parse_delivery(kind, HEADERS[kind], payload(kind, "refs/heads/main")) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_tag_that_was_removed_is_not_built(kind: Kind) -> None:
    body = payload(kind, "refs/tags/v1.2.3", after="0" * 40, deleted=True)
    assert parse_delivery(kind, HEADERS[kind], body) is None


@pytest.mark.parametrize("kind", KINDS)
def test_other_events_are_nothing(kind: Kind) -> None:
    name = f"x-{kind}-event"
    assert parse_delivery(kind, {name: "ping"}, b"not even JSON") is None
    assert parse_delivery(kind, {}, b"") is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff", b'{"ref": 1}', b'{"ref": "refs/tags/v1"}', b"[" * 100_000,
     b'{"ref": "refs/tags/v1", "repository": {"clone_url": "file:///etc"}}',
     b'{"ref": "refs/tags/v1", "repository": {"clone_url": "https://["}}',
     b'{"ref": "refs/tags/v1", "repository": {"clone_url": "https://git.example/"}}'],
)  # fmt: skip
def test_what_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_delivery("github", GITHUB, body)


def test_a_user_in_the_url_is_left_out_and_a_port_is_not() -> None:
    body = payload("github", "refs/tags/v1", url="https://u:p@Git.example:8443/team/app.git")
    assert parse_delivery("github", GITHUB, body) == Tagged("git.example:8443", "team/app", "v1")


def signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def test_each_kind_has_its_own_signature() -> None:
    body = b"body"
    right: dict[Kind, tuple[str, str]] = {
        "github": ("x-hub-signature-256", f"sha256={signature(body)}"),
        "gitea": ("x-gitea-signature", signature(body)),
        "gitlab": ("x-gitlab-token", SECRET.decode()),
    }
    for kind in KINDS:
        for given_by, (name, value) in right.items():
            assert is_signed(kind, SECRET, {name: value}, body) is (given_by == kind)


@pytest.mark.parametrize("value", ["", "sha256=", "sha256=" + "0" * 64, "\xe9\udcff", "sha1=abc"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_other_signature_is_wrong(kind: Kind, value: str) -> None:
    names = ("x-hub-signature-256", "x-gitea-signature", "x-gitlab-token")
    assert not is_signed(kind, SECRET, dict.fromkeys(names, value), b"body")


def test_a_signature_is_of_its_own_body() -> None:
    headers = {"x-hub-signature-256": f"sha256={signature(b'body')}"}
    assert not is_signed("github", SECRET, headers, b"body ")


def test_a_delivery_is_known_by_its_id_else_by_its_body() -> None:
    assert delivery_id("github", {"x-github-delivery": "1-2"}, b"") == "1-2"
    both = {"idempotency-key": "key", "x-gitlab-event-uuid": "uuid"}
    assert delivery_id("gitlab", both, b"") == "key"
    assert delivery_id("gitlab", {"x-gitlab-event-uuid": "uuid"}, b"") == "uuid"
    assert delivery_id("gitea", {}, b"a") == delivery_id("gitea", {}, b"a")
    assert delivery_id("gitea", {}, b"a") != delivery_id("gitea", {}, b"b")
    assert len(delivery_id("gitea", {"x-gitea-delivery": "x" * 9999}, b"")) == 128


@given(st.binary(max_size=200))
def test_no_body_is_a_surprise(body: bytes) -> None:
    try:
        assert parse_delivery("gitea", GITEA, body) is None
    except MalformedError:
        return


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_no_json_is_a_surprise(value: object) -> None:
    body = json.dumps({"ref": value, "repository": value, "after": value}).encode()
    try:
        assert parse_delivery("github", GITHUB, body) is None
    except MalformedError:
        return
