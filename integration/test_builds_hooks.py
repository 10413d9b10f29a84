"""Tags that are pushed become programs, releases and callbacks; modules are what they were."""

import hashlib
import hmac
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from gobp.buildservice.builds.order import ModuleSource, Order, Target
from gobp.buildservice.resolving.opening import open_resolver
from gobp.buildservice.resolving.resolver import NotResolvedError, Resolver
from gobp.buildservice.settings.go_env import completed
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.buildservice.sources.opening import open_fetcher
from gobp.modproxy.settings.go_env import go_env
from gobp.system.process import SystemCommands
from integration.build_servers import ask, building, wait_for
from integration.git_hosting import GitRepository
from integration.loopback_git import LoopbackGit, loopback_git
from integration.module_servers import ModuleServer
from tests.buildservice.builds.module_files import ModuleFiles
from tests.buildservice.hooks.forge import TOKEN, Forge
from tests.buildservice.hooks.hook_world import Listener, listening
from tests.buildservice.hooks.payloads import payload, signed

pytestmark = pytest.mark.builds
SECRET = "a secret that both sides know"
APP = {
    "go.mod": "module git.example/team/app\n\ngo 1.21\n",
    "main.go": 'package main\n\nfunc main() { print("hello") }\n',
}
HEY = "github.com/rakyll/hey"
HEY_H1 = "h1:hhc8GIqHN4+rPFZvkM9lkCQGi7da0sINM83xxpFkbPA="  # as go.sum files have it
_SECONDS = 240


@pytest.fixture
def git(tmp_path: Path) -> Iterator[LoopbackGit]:
    with loopback_git(tmp_path / "git") as server:
        repository = GitRepository(tmp_path / "app")
        repository.commit(APP, "v1.2.3")
        server.publish(repository, "team/app")
        yield server


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def api(forge: Forge) -> Iterator[Listener]:
    with listening(forge) as server:
        forge.url = server.url
        yield server


@pytest.fixture
def told() -> Iterator[Listener]:
    """Who wants to know of builds; the first time it is not well."""
    answers = [503]
    with listening(lambda _: (answers.pop() if answers else 200, b"")) as server:
        yield server


def settings(folder: Path, git: LoopbackGit, api: Listener, told: Listener) -> dict[str, object]:
    for name, text in {"secret": SECRET, "token": TOKEN}.items():
        (folder / name).write_text(f"{text}\n")
    host = {"host": git.host, "private_addresses": True, "insecure": True}
    hook = {
        "name": "forge",
        "kind": "github",
        "secret_file": str(folder / "secret"),
        "token_file": str(folder / "token"),
        "targets": ["linux/amd64"],
        "release": True,
        "api": f"{api.url}/api",
    }
    callback = {
        "url": f"{told.url}/told",
        "secret_file": str(folder / "secret"),
        "private_addresses": True,
    }
    return {"sources": {"git": [host]}, "hooks": [hook], "callbacks": [callback]}


def deliver(server: ModuleServer, body: bytes, secret: str = SECRET) -> tuple[int, str]:
    """Send a delivery as a git server does; return what it is told."""
    request = Request(f"{server.url}/hooks/forge", data=body, headers=signed(body, secret))
    with urlopen(request, timeout=60) as answer:
        return answer.status, answer.read().decode()


def until(there: Callable[[], bool], server: ModuleServer) -> None:
    end = time.monotonic() + _SECONDS
    while not there():
        assert time.monotonic() < end, server.logged()
        time.sleep(0.1)


def test_a_pushed_tag_is_built_released_and_told_of(
    git: LoopbackGit, forge: Forge, api: Listener, told: Listener, tmp_path: Path
) -> None:
    body = payload("github", "refs/tags/v1.2.3", url=f"http://{git.host}/team/app.git")
    folder = tmp_path / "service"
    folder.mkdir()
    with building(settings(folder, git, api, told), folder) as server:
        status, text = deliver(server, body)
        assert status == 202, text
        builds = [wait_for(server, build) for build in text.removeprefix("builds ").split()]
        assert [build["state"] for build in builds] == ["succeeded"], server.logged()
        again, _ = deliver(server, body)
        assert again == 200
        until(lambda: len(forge.files) == sum(len(each["artifacts"]) for each in builds), server)
        until(lambda: len(_told(told)) == 1, server)
        logged = server.logged()

    for build in builds:
        for artifact in build["artifacts"]:
            if artifact["name"] in forge.files:
                content = forge.files[artifact["name"]]
                assert hashlib.sha256(content).hexdigest() == artifact["sha256"]
    assert "app_linux_amd64.tar.gz" in forge.files
    assert _told(told) == {build["id"] for build in builds}
    assert SECRET not in logged
    assert TOKEN not in logged


def _told(listener: Listener) -> set[str]:
    """Return the builds that were told of, all signed."""
    builds = set()
    for asked in listener.asked[1:]:  # the first was answered 503
        signature = hmac.new(SECRET.encode(), asked.body, hashlib.sha256).hexdigest()
        assert asked.headers["x-gobp-signature"] == f"sha256={signature}"
        builds.add(json.loads(asked.body)["build"]["id"])
    return builds


def test_a_delivery_of_a_stranger_builds_nothing(
    git: LoopbackGit, api: Listener, told: Listener, tmp_path: Path
) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    with building(settings(folder, git, api, told), folder) as server:
        answer = ask(f"{server.url}/hooks/forge", "POST", {"ref": "refs/tags/v1.2.3"})
        assert answer.status == 403
        assert ask(f"{server.url}/hooks/other", "POST", {}).status == 404
        assert ask(f"{server.url}/api/v1/builds").json["builds"] == []


def resolver(root: Path, proxies: str = "") -> Resolver:
    """Return the resolver of a service that takes modules from there, or as go does here."""
    given = Settings(root=str(root), sources=Sources(proxies=proxies))
    return open_resolver(_completed(given), os.environ, "1.26.8")


def _completed(given: Settings) -> Settings:
    return completed(given, go_env(SystemCommands(), os.environ))


def order(path: str, ref: str) -> Order:
    return Order(source=ModuleSource(path), ref=ref, target=Target("linux", "amd64"))


@pytest.mark.slow
def test_real_modules_are_resolved_verified_and_fetched(tmp_path: Path) -> None:
    given = _completed(Settings(root=str(tmp_path)))
    real = resolver(tmp_path)
    hey, pin = real.resolve(order(HEY, "v0.1.4"))
    assert (pin.version, pin.h1, pin.moving) == ("v0.1.4", HEY_H1, False)

    age, moving = real.resolve(order("filippo.io/age/cmd/age", "v1.2.x"))

    assert (age.source, age.package) == (ModuleSource("filippo.io/age"), "./cmd/age")
    assert (moving.version, moving.moving) == ("v1.2.1", True)
    folder = tmp_path / "source"
    folder.mkdir()
    tree = open_fetcher(given, os.environ, tmp_path).fetch(hey.source, pin, folder, print)
    assert (folder / "hey.go").exists()
    assert tree.uri == f"pkg:golang/{HEY}@v0.1.4"


@pytest.mark.slow
def test_a_module_that_is_not_what_the_checksum_database_knows_is_refused(tmp_path: Path) -> None:
    """A proxy that lies about a public module is before the real one, which has the database."""
    lying = ModuleFiles(tmp_path / "lying")
    lying.put(HEY, "v0.1.4")
    upstream = _completed(Settings(root=str(tmp_path))).sources.proxies
    with pytest.raises(NotResolvedError) as caught:
        resolver(tmp_path, f"{lying.url},{upstream}").resolve(order(HEY, "v0.1.4"))
    assert caught.value.status == 403
    assert "checksum mismatch" in caught.value.text


def test_a_go_command_of_a_user_with_settings_of_his_own_changes_nothing(tmp_path: Path) -> None:
    """GOFLAGS, GONOSUMDB and GOPROXY of whoever started the service are not for its modules."""
    files = ModuleFiles(tmp_path / "proxy")
    files.put("example.com/app", "v1.0.0")
    env = {
        **os.environ,
        "GOFLAGS": "-mod=vendor",
        "GOPROXY": "direct",
        "GONOSUMDB": "*",
        "GOMODCACHE": str(tmp_path / "mine"),
        "GOTOOLCHAIN": "go1.99.9",
    }
    given = Settings(root=str(tmp_path), sources=Sources(proxies=files.url, sums="off"))
    _, pin = open_resolver(given, env, "1.26.8").resolve(order("example.com/app", "latest"))
    assert pin.version == "v1.0.0"
    assert not (tmp_path / "mine").exists()
    listed = subprocess.run(["find", tmp_path / "modules"], capture_output=True, check=True)
    assert b"v1.0.0.zip" in listed.stdout
