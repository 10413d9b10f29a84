"""Users and tokens, as the go command has them: in GOPROXY, netrc and GOAUTH, over TLS."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gobp.serving.passwords import PasswordHash, format_token_hash, new_token
from integration.module_servers import ModuleServer, running
from integration.private_servers import make_certificates
from integration.small_modules import GoClient, put_module

PASSWORD = "geheim-s3cret"
APP, SECRET, PUBLIC = "corp.example/app", "secret.example/plan", "pub.example/lib"
TOKEN = new_token()
BOB = {
    "name": "bob",
    "password_hash": str(PasswordHash.of(PASSWORD)),
    "modules": "corp.example,pub.example",
}
CI = {"name": "ci", "token_hash": format_token_hash(TOKEN), "modules": "*"}


@dataclass(frozen=True)
class Team:
    """A proxy over TLS with private modules, and a public proxy that has another module."""

    server: ModuleServer
    folder: Path

    @property
    def host(self) -> str:
        """The host and port, by the name that the certificate has."""
        return self.server.url.removeprefix("https://").replace("127.0.0.1", "localhost")

    @property
    def public(self) -> str:
        """The second entry of GOPROXY."""
        return f"file://{self.folder / 'public'}"

    def client(self, userinfo: str = "", **variables: str) -> GoClient:
        """Return a go command that trusts the proxy's authority."""
        proxy = f"https://{userinfo}{self.host},{self.public}"
        trust = {"SSL_CERT_FILE": str(self.folder / "ca.pem")}
        return GoClient(self.folder / "client", proxy, {**trust, **variables})

    def lonely_client(self, userinfo: str, name: str) -> GoClient:
        """Return one with caches of its own, that knows no other proxy."""
        client = self.client(userinfo)
        return GoClient(self.folder / name, client.proxy.partition(",")[0], client.variables)

    def audited(self) -> str:
        """Return the audit log, once the server has written it."""
        self.server.stop()
        return (self.folder / "audit.log").read_text()


@contextmanager
def team(folder: Path, **access: Any) -> Iterator[Team]:
    """Run the proxy; ``access`` are settings of that section besides bob and ci."""
    make_certificates(folder, ("localhost",))
    for module in (APP, SECRET):
        put_module(folder / "server/root/private", module, "v1.0.0", lists=False)
    for module in (PUBLIC, SECRET):
        put_module(folder / "public", module, "v1.0.0")
    settings = {
        "tls": {"certificate": str(folder / "server.crt"), "key": str(folder / "server.key")},
        "upstream": {"proxies": "off"},
        "sums": {"database": "off"},
        "rules": [{"modules": "corp.example,secret.example", "private": True}],
        "access": {"anonymous": "", "users": [BOB], "tokens": [CI], **access},
        "log": {"audit": str(folder / "audit.log")},
    }
    with running(settings, folder / "server") as server:
        yield Team(server, folder)


def test_private_modules_come_from_here_and_public_ones_from_the_next_proxy(
    tmp_path: Path,
) -> None:
    with team(tmp_path) as here:
        go = here.client(f"bob:{PASSWORD}@")
        assert go.get(APP, PUBLIC) == {APP: "v1.0.0", PUBLIC: "v1.0.0"}


def test_a_wrong_password_stops_go_with_words(tmp_path: Path) -> None:
    with team(tmp_path) as here:
        for module in (APP, PUBLIC):
            said = here.client("bob:wrong@").refusal(module)
            assert "401 Unauthorized" in said
            assert "the user or the password is wrong: go has them from the URL in GOPROXY" in said
        assert "who=bob client=127.0.0.1" in here.audited()


def test_without_a_user_go_is_told_that_one_is_needed(tmp_path: Path) -> None:
    with team(tmp_path) as here:
        said = here.client().refusal(APP)
        assert "this proxy wants to know who asks: a user and password are needed" in said


def test_go_finds_user_and_password_in_netrc(tmp_path: Path) -> None:
    with team(tmp_path) as here:
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine {here.host} login bob password {PASSWORD}\n")
        go = here.client(NETRC=str(netrc))
        assert go.get(APP, PUBLIC) == {APP: "v1.0.0", PUBLIC: "v1.0.0"}


def test_go_sends_the_token_of_a_goauth_command(tmp_path: Path) -> None:
    with team(tmp_path) as here:
        command = tmp_path / "goauth"
        command.write_text(
            f"#!/bin/sh\nprintf 'https://{here.host}/\\n\\nAuthorization: Bearer {TOKEN}\\n\\n'\n"
        )
        command.chmod(0o755)
        assert here.client(GOAUTH=str(command)).get(APP) == {APP: "v1.0.0"}


@pytest.mark.parametrize("userinfo", [f"anything:{TOKEN}@", f"{TOKEN}:@", f"{TOKEN}@"])
def test_a_token_does_in_the_url_too(userinfo: str, tmp_path: Path) -> None:
    with team(tmp_path) as here:
        assert here.client(userinfo).get(APP, SECRET) == {APP: "v1.0.0", SECRET: "v1.0.0"}


def test_a_private_module_that_is_not_given_does_not_seem_to_exist(tmp_path: Path) -> None:
    with team(tmp_path) as here:
        said = here.lonely_client(f"bob:{PASSWORD}@", "bob").refusal(f"{SECRET}@v1.0.0")
        assert f"404 Not Found\n\tserver response: not found: {SECRET}\n" in said


def test_a_public_module_that_is_not_given_is_refused_and_not_got_elsewhere(
    tmp_path: Path,
) -> None:
    with team(tmp_path, users=[{**BOB, "modules": "corp.example"}]) as here:
        said = here.client(f"bob:{PASSWORD}@").refusal(f"{PUBLIC}@v1.0.0")
        assert "403 Forbidden" in said
        assert f"bob may not have {PUBLIC} from this proxy" in said


def test_some_modules_are_for_everybody_and_the_rest_needs_a_user(tmp_path: Path) -> None:
    with team(tmp_path, anonymous="corp.example") as here:
        assert here.client().get(APP) == {APP: "v1.0.0"}
        said = here.client().refusal(f"{SECRET}@v1.0.0")
        assert f"{SECRET} is not for everybody: a user and password are needed" in said


def test_a_login_that_has_expired_says_so(tmp_path: Path) -> None:
    with team(tmp_path, users=[{**BOB, "expires": "2020-01-31"}]) as here:
        said = here.client(f"bob:{PASSWORD}@").refusal(APP)
        assert "the login of bob has expired: ask for a new one" in said


def test_what_was_cached_for_one_is_not_given_to_another(tmp_path: Path) -> None:
    with team(tmp_path) as here:
        assert here.client(f"ci:{TOKEN}@").get(SECRET) == {SECRET: "v1.0.0"}
        for userinfo, answer in ((f"bob:{PASSWORD}@", "404"), ("", "401"), ("bob:no@", "401")):
            other = here.lonely_client(userinfo, f"other{len(userinfo)}")
            assert answer in other.refusal(f"{SECRET}@v1.0.0")


def test_no_password_or_token_is_in_any_log(tmp_path: Path) -> None:
    with team(tmp_path) as here:
        users = (f"bob:{PASSWORD}@", f"x:{TOKEN}@", f"eve:{PASSWORD}@", f"{PASSWORD}:x@", "")
        for number, userinfo in enumerate(users):
            here.lonely_client(userinfo, f"go{number}").go("list", "-m", f"{APP}@v1.0.0")
        written = here.audited() + here.server.logged()
        encoded = base64.b64encode(f"bob:{PASSWORD}".encode()).decode()
        for secret in (PASSWORD, TOKEN, encoded, BOB["password_hash"], CI["token_hash"]):
            assert secret not in written
        assert 'reason="unknown user"' in written


def test_whoever_guesses_passwords_has_to_wait_and_others_do_not(tmp_path: Path) -> None:
    guess = "for n in $(seq 12); do curl -so /dev/null -w '%{http_code} ' -u bob:$n $URL; done"
    with team(tmp_path) as here:
        assert here.client(f"bob:{PASSWORD}@").get(APP) == {APP: "v1.0.0"}
        url = f"https://{here.host}/{APP}/@v/v1.0.0.info"
        done = subprocess.run(
            ["sh", "-c", guess],
            env={"URL": url, "CURL_CA_BUNDLE": str(tmp_path / "ca.pem"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["401"] * 10 + ["429"] * 2
        assert here.client(f"bob:{PASSWORD}@").get(APP) == {APP: "v1.0.0"}


def test_a_password_made_by_the_command_opens_the_proxy(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "gobp", "modules", "password"],
        input=f"{PASSWORD} too\n",
        capture_output=True,
        text=True,
        check=True,
    )
    bob = {**BOB, "password_hash": made.stdout.strip()}
    with team(tmp_path, users=[bob]) as here:
        assert here.client(f"bob:{PASSWORD}%20too@").get(APP) == {APP: "v1.0.0"}
