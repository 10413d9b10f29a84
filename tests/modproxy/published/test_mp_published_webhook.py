"""Deliveries of git servers: who may say that something was pushed."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.published.published_tree import PublishedTree
from gobp.modproxy.published.webhook import MOST_BYTES, Webhook
from gobp.modproxy.settings.schema import Published, Settings
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash
from gobp.serving.settings.values import Duration
from tests.modproxy.published.repositories import Repository, version_files

SECRET = "of the webhook"
BODY = b'{"ref":"refs/heads/main"}'
SIGNATURE = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
GOOD = {
    "GitHub": {"x-hub-signature-256": f"sha256={SIGNATURE}"},
    "Gitea": {"x-gitea-signature": SIGNATURE},
    "GitLab": {"x-gitlab-token": SECRET},
}
BAD: dict[str, dict[str, str]] = {
    "no signature": {},
    "an empty signature": {"x-hub-signature-256": ""},
    "an empty token": {"x-gitlab-token": ""},
    "another token": {"x-gitlab-token": "of the webhooK"},
    "a signature of SHA-1": {"x-hub-signature-256": "sha1=" + "0" * 40},
    "one without its name": {"x-hub-signature-256": SIGNATURE},
    "another signature": {"x-gitea-signature": "0" * 64},
    "one that is no ASCII": {"x-gitea-signature": "é"},
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "git")
    repository.push(version_files("v1.0.0"))
    return repository


def deliver(
    root: Path,
    repository: Repository,
    headers: Mapping[str, str],
    body: bytes = BODY,
    *,
    times: int = 1,
    secret: str = SECRET,
) -> list[Answer]:
    """Return what the webhook of a new server answers to deliveries at the same time."""
    file = root / "secret"
    file.write_text(secret)
    published = Published(
        repository=repository.url,
        poll=Duration(0),
        webhook_secret_file=str(file) if secret else "",
    )
    trees = Trees.below(root / "root")
    trees.prepare()

    async def run() -> list[Answer]:
        settings = Settings(published=published)
        tree = PublishedTree(settings, trees, env=os.environ, zip_hash=zip_hash)
        await tree.start()
        webhook = Webhook(published, tree)
        answers = await asyncio.gather(*(webhook.answer(headers, body) for _ in range(times)))
        await tree.close()
        return list(answers)

    return asyncio.run(run())


@pytest.mark.parametrize("headers", GOOD.values(), ids=GOOD.keys())
def test_a_signed_delivery_has_the_new_commit_served(
    tmp_path: Path, repository: Repository, headers: dict[str, str]
) -> None:
    commit = repository.push(version_files("v1.1.0"))

    (answer,) = deliver(tmp_path, repository, headers)

    assert (answer.status, answer.body) == (200, f"commit {commit} is served\n".encode())


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
def test_a_delivery_that_is_not_signed_is_refused(
    tmp_path: Path, repository: Repository, headers: dict[str, str]
) -> None:
    (answer,) = deliver(tmp_path, repository, headers)

    assert answer.status == 403


def test_a_signature_of_another_body_is_refused(tmp_path: Path, repository: Repository) -> None:
    (answer,) = deliver(tmp_path, repository, GOOD["GitHub"], BODY + b" ")

    assert answer.status == 403


def test_repeated_deliveries_do_no_harm(tmp_path: Path, repository: Repository) -> None:
    answers = deliver(tmp_path, repository, GOOD["GitLab"], times=20)

    assert {answer.status for answer in answers} == {200}


def test_a_commit_that_is_refused_is_told_to_the_git_server(
    tmp_path: Path, repository: Repository
) -> None:
    repository.push({"corp.example.com/lib/@v/v1.1.0.zip": b"not a zip"})

    (answer,) = deliver(tmp_path, repository, GOOD["GitLab"])

    assert answer.status == 502
    assert b"v1.1.0.zip" in bytes(answer.body)  # type: ignore[arg-type] # it is bytes


def test_a_body_without_end_is_refused(tmp_path: Path, repository: Repository) -> None:
    (answer,) = deliver(tmp_path, repository, GOOD["GitLab"], b"x" * (MOST_BYTES + 1))

    assert answer.status == 413


def test_without_a_secret_there_is_no_webhook(tmp_path: Path, repository: Repository) -> None:
    (answer,) = deliver(tmp_path, repository, {"x-gitlab-token": ""}, secret="")

    assert answer.status == 404


def test_a_short_secret_is_refused(tmp_path: Path, repository: Repository) -> None:
    with pytest.raises(UserError, match="less than 8 characters"):
        deliver(tmp_path, repository, {}, secret="short")


@given(st.dictionaries(st.sampled_from(list({k for h in GOOD.values() for k in h})), st.text()))
def test_nothing_but_the_signature_is_one(headers: dict[str, str]) -> None:
    wanted = {name: value for each in GOOD.values() for name, value in each.items()}
    expected = any(headers.get(name) == value for name, value in wanted.items())

    webhook = Webhook.__new__(Webhook)
    webhook._secret = SECRET.encode()

    assert webhook._is_signed(headers, BODY) == expected
