"""The credentials that docker login left, and those of credential helpers."""

import base64
import json
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.oci.credentials import DOCKER_HUB_KEY, Credentials, DockerConfig


def encoded(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


def config(folder: Path, document: object) -> DockerConfig:
    (folder / "config.json").write_text(json.dumps(document))
    return DockerConfig.load({"DOCKER_CONFIG": str(folder), "PATH": f"{folder}:/usr/bin:/bin"})


def helper(folder: Path, script: str) -> None:
    path = folder / "docker-credential-test"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("localhost:5000", "localhost:5000"),
        ("https://example.com/v2/", "example.com"),
        ("http://example.com:8080", "example.com:8080"),
        (DOCKER_HUB_KEY, "index.docker.io"),
        ("docker.io", "index.docker.io"),
    ],
)
def test_an_entry_is_found_by_host_or_url(tmp_path: Path, key: str, registry: str) -> None:
    known = config(tmp_path, {"auths": {key: encoded("ann:pass:word")}})
    assert known.credentials_for(registry) == Credentials("ann", "pass:word")
    assert known.credentials_for("other.example.com") is None


def test_an_identity_token_and_plain_fields_are_read(tmp_path: Path) -> None:
    auths = {"a": {"identitytoken": "t", **encoded("<token>:")}, "b": {"username": "u"}, "c": {}}
    known = config(tmp_path, {"auths": auths})
    assert known.credentials_for("a") == Credentials("<token>", "", "t")
    assert known.credentials_for("b") == Credentials("u")
    assert known.credentials_for("c") is None


@pytest.mark.parametrize("env", [{}, {"HOME": "/nonexistent"}, {"DOCKER_CONFIG": "/dev/null"}])
def test_no_file_means_no_credentials(env: dict[str, str]) -> None:
    assert DockerConfig.load(env).credentials_for("localhost") is None


def test_the_file_is_below_home_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    config(tmp_path / ".docker", {"auths": {"a": encoded("u:p")}})
    assert DockerConfig.load({"HOME": str(tmp_path)}).credentials_for("a") is not None


def test_a_broken_file_is_told_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"auths": {"a": {"password": "hunter2"')
    with pytest.raises(UserError) as caught:
        DockerConfig.load({"DOCKER_CONFIG": str(tmp_path)})
    assert str(tmp_path / "config.json") in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_broken_entry_is_told_without_its_content(tmp_path: Path) -> None:
    known = config(tmp_path, {"auths": {"a": {"auth": "hunter2!"}}})
    with pytest.raises(UserError, match='broken "auth" for a') as caught:
        known.credentials_for("a")
    assert "hunter2" not in str(caught.value)


def test_a_helper_is_asked_by_standard_input(tmp_path: Path) -> None:
    helper(tmp_path, 'read server; printf \'{"Username":"%s","Secret":"%s"}\' "$server" "$*" # get')
    known = config(tmp_path, {"credsStore": "test", "auths": {"a": encoded("u:p")}})
    assert known.credentials_for("a") == Credentials("a", "get")
    assert known.credentials_for("index.docker.io") == Credentials(DOCKER_HUB_KEY, "get")


def test_a_registrys_own_helper_wins_over_the_store(tmp_path: Path) -> None:
    helper(tmp_path, 'echo \'{"Username":"<token>","Secret":"identity"}\'')
    known = config(tmp_path, {"credsStore": "missing", "credHelpers": {"a": "test"}})
    assert known.credentials_for("a") == Credentials("", identity_token="identity")


def test_the_file_is_asked_where_the_helper_knows_nothing(tmp_path: Path) -> None:
    helper(tmp_path, "echo credentials not found in native keychain; exit 1")
    known = config(tmp_path, {"credsStore": "test", "auths": {"a": encoded("u:p")}})
    assert known.credentials_for("a") == Credentials("u", "p")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "echo sealed: hunter2; exit 1",
            "docker-credential-test, which failed",
        ),
        ("echo hunter2", "docker-credential-test answers what is no credential"),
        ("echo '[\"hunter2\"]'", "docker-credential-test answers what is no credential"),
    ],
)
def test_a_helper_that_fails_is_told_without_its_words(
    tmp_path: Path, script: str, words: str
) -> None:
    helper(tmp_path, script)
    known = config(tmp_path, {"credsStore": "test"})
    with pytest.raises(UserError) as caught:
        known.credentials_for("a")
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"), [("gone", "which is not on PATH"), ("../../bin/sh", "names the credential")]
)
def test_a_helper_that_is_not_there_is_told(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        config(tmp_path, {"credsStore": name}).credentials_for("a")
