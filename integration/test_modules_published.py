"""Published modules, with real git, go, nginx and servers: from a CI job to who uses them."""

import contextlib
import hashlib
import hmac
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gobp.serving.passwords import format_token_hash, new_token
from integration.by_hand import go_env
from integration.module_servers import ModuleServer, running
from integration.private_servers import basic, git_site, make_certificates, private_server
from integration.small_modules import GoClient, put_module
from integration.web_servers import nginx
from tests.modproxy.published.repositories import IDENTITY, Repository, git

MODULE = "corp.example/Team/lib"
OTHER = "corp.example/other"
GIT_HOST = "git.private.example.com"
SECRET = "of-the-webhook"
TOKEN, READER = new_token(), new_token()
SECONDS = 30


def checkout(folder: Path, version: str, *, module: str = MODULE) -> Path:
    """Return the checkout of a CI job, where a version is tagged."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git("init", "-q", ".", cwd=folder)
    (folder / "go.mod").write_text(f"module {module}\n\ngo 1.21\n")
    (folder / "lib.go").write_text(f'package lib\n\nconst V = "{version}"\n')
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", version, cwd=folder)
    git("tag", version, cwd=folder)
    return folder


def publish(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Run the real command; return what it says, on both streams."""
    done = run_publish(folder, *arguments, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_publish(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "gobp", "modules", "publish", str(folder), *arguments],
        env={**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null", **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def settings(folder: Path, repository: str, **more: Any) -> dict[str, Any]:
    """Return those of a server with a private tree in git, and no upstream."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret").write_text(SECRET)
    published = {
        "repository": repository,
        "poll": 0,
        "webhook_secret_file": str(folder / "secret"),
    }
    return {
        "upstream": {"proxies": "off"},
        "sums": {"database": "off"},
        "rules": [{"modules": "corp.example", "private": True, "upstream": "off"}],
        "published": {**published, **more.pop("published", {})},
        **more,
    }


def deliver(server: ModuleServer) -> tuple[int, str]:
    """Tell a server of a push as GitHub does; return its answer."""
    parts = urlsplit(server.url)
    body = b'{"ref":"refs/heads/main"}'
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
    with contextlib.closing(connection):
        headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": "push"}
        connection.request("POST", "/-/published", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_ci_publishes_to_git_and_a_developer_uses_a_plain_clone(tmp_path: Path) -> None:
    """Story (d): the server has the version after the webhook; the developer has no gobp."""
    repository = Repository(tmp_path / "git")
    publish(checkout(tmp_path / "ci", "v1.0.0"), "--repository", repository.url)
    with running(settings(tmp_path / "server", repository.url), tmp_path / "server") as server:
        go = GoClient(tmp_path / "office", server.url)
        assert go.get(MODULE) == {MODULE: "v1.0.0"}
        publish(checkout(tmp_path / "ci", "v1.1.0"), "--repository", repository.url)

        status, said = deliver(server)

        assert (status, said[:7]) == (200, "commit ")
        assert go.get(f"{MODULE}@v1.1.0") == {MODULE: "v1.1.0"}
        assert go.go("list", "-m", "-versions", MODULE).stdout.split()[1:] == ["v1.0.0", "v1.1.0"]
    at_home = tmp_path / "home"
    git("clone", "-q", repository.url, str(at_home), cwd=tmp_path)

    compiled = {"GOCACHE": go_env("GOCACHE")}
    plain = GoClient(tmp_path / "developer", f"file://{at_home}", compiled)

    assert plain.get(MODULE) == {MODULE: "v1.1.0"}
    app = 'package main\n\nimport "corp.example/Team/lib"\n\nfunc main() { print(lib.V) }\n'
    (tmp_path / "developer/main.go").write_text(app)
    assert plain.go("run", ".").stderr == "v1.1.0"


def test_nginx_serves_the_published_tree_without_gobp(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "git")
    for version in ("v1.0.0", "v1.1.0"):
        publish(checkout(tmp_path / "ci", version), "--repository", repository.url)
    git("clone", "-q", repository.url, str(tmp_path / "www"), cwd=tmp_path)

    with nginx(tmp_path / "www", tmp_path / "nginx") as url:
        go = GoClient(tmp_path / "client", url)
        assert go.get(MODULE) == {MODULE: "v1.1.0"}
        assert go.go("mod", "download", "-json", f"{MODULE}@v1.0.0").returncode == 0


def test_nginx_serves_the_tree_that_a_server_keeps(tmp_path: Path) -> None:
    """The link <root>/published is a document root; it goes on while gobp is down."""
    repository = Repository(tmp_path / "git")
    publish(checkout(tmp_path / "ci", "v1.0.0"), "--repository", repository.url)
    root = tmp_path / "server/root"
    with (
        running(settings(tmp_path / "server", repository.url), tmp_path / "server") as server,
        nginx(root / "published", tmp_path / "nginx") as url,
    ):
        go = GoClient(tmp_path / "client", url)
        assert go.get(MODULE) == {MODULE: "v1.0.0"}
        publish(checkout(tmp_path / "ci", "v1.1.0"), "--repository", repository.url)
        assert deliver(server)[0] == 200
        assert server.stop() == 0
        assert go.get(MODULE) == {MODULE: "v1.1.0"}


def test_a_module_cache_in_git_is_a_mirror_for_ci(tmp_path: Path) -> None:
    """What one machine has downloaded is committed as it is; others build from the clone."""
    upstream = tmp_path / "upstream"
    for module in ("pub.example/a", "pub.example/B/b"):
        put_module(upstream, module, "v1.0.0")
    filled = GoClient(tmp_path / "filled", f"file://{upstream}")
    filled.get("pub.example/a", "pub.example/B/b")
    repository = Repository(tmp_path / "git")
    shutil.copytree(
        tmp_path / "filled/gopath/pkg/mod/cache/download", repository.work, dirs_exist_ok=True
    )
    repository.push_all()
    shutil.rmtree(upstream)
    git("clone", "-q", repository.url, str(tmp_path / "clone"), cwd=tmp_path)

    by_file = GoClient(tmp_path / "by-file", f"file://{tmp_path / 'clone'}")

    assert len(by_file.get("pub.example/a", "pub.example/B/b@v1.0.0")) == 2
    rules = [{"modules": "pub.example", "private": True, "upstream": "off"}]
    chosen = settings(tmp_path / "server", repository.url, rules=rules)
    with running(chosen, tmp_path / "server") as server:
        assert (
            len(GoClient(tmp_path / "c", server.url).get("pub.example/a", "pub.example/B/b")) == 2
        )


def test_a_bad_commit_is_told_and_the_one_before_stays(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "git")
    publish(checkout(tmp_path / "ci", "v1.0.0"), "--repository", repository.url)
    with running(settings(tmp_path / "server", repository.url), tmp_path / "server") as server:
        git("pull", "-q", "origin", "main", cwd=repository.work)
        repository.push({"corp.example/!team/lib/@v/v1.0.0.zip": b"not a zip"})

        status, said = deliver(server)

        assert status == 502
        assert "v1.0.0.zip" in said
        assert GoClient(tmp_path / "client", server.url).get(MODULE) == {MODULE: "v1.0.0"}


def test_a_repository_that_asks_who_is_there_is_polled_with_credentials(tmp_path: Path) -> None:
    """Over https, with a password that the server and the CI job have in files."""
    password = "s'ecr/et$x"
    certificates = make_certificates(tmp_path, (GIT_HOST,))
    repository = Repository(tmp_path / "git")
    git("config", "http.receivepack", "true", cwd=repository.bare)
    url = f"https://{GIT_HOST}/modules.git"
    (tmp_path / "password").write_text(f"ci:{password}\n")
    helper = f"!f() {{ echo username=ci; echo password=$(cut -d: -f2- {tmp_path}/password); }}; f"
    with private_server(certificates) as (servers, tunnel):
        site = git_site(basic("ci", password), GIT_HOST, repository.folder)
        servers.sites[GIT_HOST] = site
        way = {"HTTPS_PROXY": tunnel, "SSL_CERT_FILE": str(certificates.authority)}
        of_git = {
            "GIT_SSL_CAINFO": str(certificates.authority),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "credential.helper",
            "GIT_CONFIG_VALUE_0": helper,
        }
        publish(checkout(tmp_path / "ci", "v1.0.0"), "--repository", url, env={**way, **of_git})
        chosen = settings(
            tmp_path / "server",
            url,
            published={"poll": "1s"},
            vcs={"hosts": [{"host": GIT_HOST, "password_file": str(tmp_path / "password")}]},
        )
        with running(chosen, tmp_path / "server", env=way) as server:
            go = GoClient(tmp_path / "client", server.url)
            assert go.get(MODULE) == {MODULE: "v1.0.0"}
            publish(checkout(tmp_path / "ci", "v1.1.0"), "--repository", url, env={**way, **of_git})
            wait_for_version(go, "v1.1.0")
            assert password not in server.logged()


def wait_for_version(go: GoClient, version: str) -> None:
    end = time.monotonic() + SECONDS
    while version not in go.go("list", "-m", "-versions", MODULE).stdout:
        assert time.monotonic() < end, f"{version} does not come"
        time.sleep(0.5)


@pytest.fixture
def closed_server(tmp_path: Path) -> Iterator[ModuleServer]:
    """A server over TLS that takes uploads of who has the token."""
    certificates = make_certificates(tmp_path, ("localhost",))
    tokens = [
        {"name": "ci", "token_hash": format_token_hash(TOKEN), "publish": True},
        {"name": "reader", "token_hash": format_token_hash(READER)},
    ]
    chosen = {
        "tls": {
            "certificate": str(tmp_path / "server.crt"),
            "key": str(tmp_path / "server.key"),
        },
        "upstream": {"proxies": "off"},
        "sums": {"database": "off"},
        "rules": [{"modules": "corp.example", "private": True, "upstream": "off"}],
        "access": {"anonymous": "", "tokens": tokens},
        "log": {"audit": str(tmp_path / "audit.log")},
    }
    assert certificates.authority.exists()
    with running(chosen, tmp_path / "server") as server:
        yield server


def upload(
    server: ModuleServer, folder: Path, token: str = TOKEN
) -> "subprocess.CompletedProcess[str]":
    url = server.url.replace("127.0.0.1", "localhost")
    authority = server.root.parents[1] / "ca.pem"
    env = {"SSL_CERT_FILE": str(authority), "GOBP_PUBLISH_TOKEN": token}
    return run_publish(folder, "--url", url, env=env)


def client_of(server: ModuleServer, folder: Path) -> GoClient:
    """Return a go command that reads with the other token."""
    url = server.url.replace("127.0.0.1", "localhost")
    command = folder / "goauth"
    head = f"Authorization: Bearer {READER}"
    command.write_text(f"#!/bin/sh\nprintf '{url}/\\n\\n{head}\\n\\n'\n")
    command.chmod(0o755)
    variables = {"SSL_CERT_FILE": str(folder / "ca.pem"), "GOAUTH": str(command)}
    return GoClient(folder / "client", url, variables)


def test_a_version_is_published_to_a_server_and_used_at_once(
    tmp_path: Path, closed_server: ModuleServer
) -> None:
    go = client_of(closed_server, tmp_path)
    assert "404" in go.refusal(MODULE)  # which the server remembers for a while

    first = upload(closed_server, checkout(tmp_path / "ci", "v1.0.0"))
    again = upload(closed_server, tmp_path / "ci")

    assert first.stdout.endswith("is published\n"), first.stderr
    assert again.stdout.endswith("was published already\n"), again.stderr
    assert go.get(MODULE) == {MODULE: "v1.0.0"}
    assert TOKEN not in closed_server.logged() + first.stderr + first.stdout


def test_a_version_is_never_changed_by_an_upload(
    tmp_path: Path, closed_server: ModuleServer
) -> None:
    upload(closed_server, checkout(tmp_path / "ci", "v1.0.0"))
    other = checkout(tmp_path / "other", "v1.0.0")
    (other / "more.go").write_text("package lib\n")
    git("add", "-A", cwd=other)
    git("commit", "-q", "-m", "more", cwd=other)
    git("tag", "-f", "v1.0.0", cwd=other)

    done = upload(closed_server, other)

    assert done.returncode == 1
    assert "409" in done.stderr
    assert "published already, with another zip" in done.stderr


@pytest.mark.parametrize(("token", "status"), [(READER, "403"), ("wrong", "401")])
def test_who_may_not_publish_is_told_so(
    tmp_path: Path, closed_server: ModuleServer, token: str, status: str
) -> None:
    done = upload(closed_server, checkout(tmp_path / "ci", "v1.0.0"), token)

    assert done.returncode == 1
    assert status in done.stderr
    assert not list((closed_server.root / "private").rglob("*.zip"))


def test_a_module_of_others_cannot_be_published(
    tmp_path: Path, closed_server: ModuleServer
) -> None:
    done = upload(closed_server, checkout(tmp_path / "ci", "v1.0.0", module="pub.example/lib"))

    assert "no private module here" in done.stderr
    assert "403" in done.stderr


def test_a_refusal_is_heard_by_who_sends_much(tmp_path: Path, closed_server: ModuleServer) -> None:
    """The server has to read on, or the client sees a broken connection instead of the answer."""
    folder = checkout(tmp_path / "ci", "v0.1.0")
    (folder / "large.bin").write_bytes(os.urandom(20 * 1024 * 1024))
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", "large", cwd=folder)
    git("tag", "v1.0.0", cwd=folder)

    done = upload(closed_server, folder, READER)

    assert "may not publish" in done.stderr, done.stderr


def test_an_upload_that_is_killed_leaves_nothing_that_is_served(
    tmp_path: Path, closed_server: ModuleServer
) -> None:
    """kill -9 of the server while versions are put: each is whole afterwards, or not there."""
    versions = [f"v1.{number}.0" for number in range(6)]
    folders = [checkout(tmp_path / version, version) for version in versions]
    url = closed_server.url.replace("127.0.0.1", "localhost")
    jobs = [
        subprocess.Popen(
            [sys.executable, "-m", "gobp", "modules", "publish", str(folder), "--url", url],
            env={
                **os.environ,
                "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
                "GOBP_PUBLISH_TOKEN": TOKEN,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for folder in folders
    ]
    private = closed_server.root / "private/corp.example/!team/lib/@v"
    end = time.monotonic() + SECONDS
    while not list(private.glob("*.zip")) and time.monotonic() < end:
        time.sleep(0.005)
    os.kill(closed_server.process.pid, signal.SIGKILL)
    closed_server.process.wait()
    for job in jobs:
        job.wait()

    for info in private.glob("*.info"):
        whole = {info.with_suffix(f".{kind}") for kind in ("zip", "ziphash", "mod")}
        assert all(path.stat().st_size for path in whole)
    for zip_file in private.glob("*.zip"):
        subprocess.run([sys.executable, "-m", "zipfile", "-t", zip_file], check=True)


def test_a_version_is_published_into_the_root_of_a_running_server(tmp_path: Path) -> None:
    chosen = settings(tmp_path / "server", "")
    with running(chosen, tmp_path / "server") as server:
        publish(checkout(tmp_path / "ci", "v1.0.0"), "--to", str(server.root))
        assert GoClient(tmp_path / "client", server.url).get(MODULE) == {MODULE: "v1.0.0"}
        files = GoClient(tmp_path / "files", f"file://{server.root / 'private'}")
        assert files.get(MODULE) == {MODULE: "v1.0.0"}
