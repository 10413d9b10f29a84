"""Credentials for registries, as ``docker login`` leaves them (docker/cli: config.json)."""

import base64
import binascii
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gobp.errors import UserError
from gobp.oci import json_document
from gobp.oci.json_document import JsonObject
from gobp.oci.reference import DEFAULT_REGISTRY

DOCKER_HUB_KEY = "https://index.docker.io/v1/"  # the name that docker login gives Docker Hub
_HELPER_SECONDS = 60
_HELPER_NAME = re.compile(r"[A-Za-z0-9._-]+")
_TOKEN_USER = "<token>"  # noqa: S105 # says that a helper's secret is an identity token
_SCHEME = re.compile(r"^https?://")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password, or an identity token instead of the password."""

    username: str = field(repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


class CredentialSource(Protocol):
    """Knows the credentials for registries."""

    def credentials_for(self, registry: str) -> Credentials | None:
        """Return those for a registry by its ``host[:port]``, or None."""


class DockerConfig:
    """The credentials of a docker ``config.json``: its own and those of credential helpers."""

    def __init__(self, document: JsonObject, *, env: Mapping[str, str], source: str) -> None:
        self._auths = _table(document, "auths")
        self._helpers = _table(document, "credHelpers")
        self._store = _text(document, "credsStore")
        self._env = env
        self._source = source

    @classmethod
    def load(cls, env: Mapping[str, str]) -> "DockerConfig":
        """Read the file that docker would: below ``DOCKER_CONFIG``, else ``HOME/.docker``.

        No file means no credentials. Raises UserError if it is not JSON.
        """
        default = str(Path(env.get("HOME", "/"), ".docker"))
        path = Path(env.get("DOCKER_CONFIG") or default, "config.json")
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            data = b"{}"
        try:
            document = json_document.load(data, source=str(path))
        except UserError:
            raise _unusable(str(path), "is not a JSON object") from None
        return cls(document, env=env, source=str(path))

    def credentials_for(self, registry: str) -> Credentials | None:
        """Return the credentials for a registry: its own helper's, the store's, the file's.

        Raises UserError where a helper is missing or fails, but not where it knows none.
        """
        for helper in (_value_for(self._helpers, registry), self._store):
            found = self._from_helper(helper, registry) if isinstance(helper, str) else None
            if found is not None:
                return found
        entry = _value_for(self._auths, registry)
        return self._from_entry(entry, registry) if isinstance(entry, dict) else None

    def _from_entry(self, entry: JsonObject, registry: str) -> Credentials | None:
        username, password = _text(entry, "username"), _text(entry, "password")
        token = _text(entry, "identitytoken")
        if encoded := _text(entry, "auth"):
            try:
                text = base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise _unusable(self._source, f'has a broken "auth" for {registry}') from None
            username, _, password = text.partition(":")
        return Credentials(username, password, token) if username or token else None

    def _from_helper(self, helper: str, registry: str) -> Credentials | None:
        """Ask a helper (docker-credential-helpers: protocol "get"); only stdin and stdout."""
        if not helper:
            return None
        if _HELPER_NAME.fullmatch(helper) is None:
            raise _unusable(self._source, f"names the credential helper {helper!r}")
        server = DOCKER_HUB_KEY if registry == DEFAULT_REGISTRY else registry
        command = f"docker-credential-{helper}"
        try:
            answer = subprocess.run(
                [command, "get"],
                input=server.encode(),
                capture_output=True,
                env=dict(self._env),
                timeout=_HELPER_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise _unusable(self._source, f"asks for {command}, which is not on PATH") from None
        except subprocess.TimeoutExpired:
            raise _unusable(self._source, f"asks for {command}, which does not answer") from None
        if answer.returncode and b"credentials not found" in answer.stdout + answer.stderr:
            return None
        if answer.returncode:
            raise _unusable(self._source, f"asks for {command}, which failed for {registry}")
        return _helper_answer(answer.stdout, command)


def _helper_answer(stdout: bytes, command: str) -> Credentials | None:
    try:
        document = json.loads(stdout)
        username, secret = str(document["Username"]), str(document["Secret"])
    except (ValueError, KeyError, TypeError):
        raise _unusable(command, "answers what is no credential") from None
    if not secret:
        return None
    if username == _TOKEN_USER:
        return Credentials("", identity_token=secret)
    return Credentials(username, secret)


def _table(document: JsonObject, key: str) -> JsonObject:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _text(document: JsonObject, key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _value_for(table: JsonObject, registry: str) -> object:
    """Return the value whose key means a registry; docker writes hosts and URLs alike."""
    if registry in table:
        return table[registry]
    return next((value for key, value in table.items() if _host_of(key) == registry), None)


def _host_of(key: str) -> str:
    host = _SCHEME.sub("", key).partition("/")[0]
    return DEFAULT_REGISTRY if host in {"docker.io", "registry-1.docker.io"} else host


def _unusable(source: str, problem: str) -> UserError:
    return UserError(
        f"{source} {problem}",
        remedy="run docker login for the registry again, or correct the file.",
    )
