"""The API of a real server: what cargo promised, and those of its defects that show over HTTP."""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from gobp.serving.passwords import format_token_hash, new_token
from integration.build_servers import ask, building, download, wait_for
from integration.git_hosting import GitRepository
from integration.loopback_git import LoopbackGit, loopback_git
from integration.module_servers import ModuleServer

pytestmark = pytest.mark.builds
TOKEN = new_token()
MADE = "build:\n\tmkdir -p dist/deep && echo made > dist/deep/tool && echo root > 'a name'\n"
FAILING = "build:\n\techo half > tool; echo it breaks here; exit 3\n"
SLOW = "build:\n\t@echo begun; sleep 600\n"
_SECONDS = 120


@dataclass(frozen=True)
class World:
    """A server, and the host of repositories that it may clone from."""

    server: ModuleServer
    git: LoopbackGit
    folder: Path

    def path(self, repository: str, version: str = "v1.0.0") -> str:
        return f"/{self.git.host}/team/{repository}/linux/amd64/{version}"

    def url(self, repository: str, version: str = "v1.0.0") -> str:
        return self.server.url + self.path(repository, version)

    def repository(self, name: str, makefile: str, *tags: str) -> GitRepository:
        """Return a new repository, which the host has."""
        made = GitRepository(self.folder / "made" / name)
        files: dict[str, str | None] = {"Makefile": makefile, ".gitignore": "dist/\n"}
        made.commit(files, *(tags or ("v1.0.0",)))
        self.git.publish(made, f"team/{name}")
        return made

    def posted(self, repository: str, version: str = "v1.0.0") -> str:
        """Return the id of a build that was asked for."""
        answer = ask(self.url(repository, version), "POST")
        assert answer.status == 202, (answer, self.server.logged())
        return str(answer.json["build_id"])

    def built(self, repository: str, version: str = "v1.0.0") -> Any:
        """Return a build that was asked for, once it is over."""
        return wait_for(self.server, self.posted(repository, version))


def settings(git: LoopbackGit, **more: object) -> dict[str, object]:
    host = {"host": git.host, "private_addresses": True, "insecure": True}
    token = {"name": "admin", "token_hash": format_token_hash(TOKEN), "scopes": ["admin"]}
    return {
        "sources": {"git": [host], "moving": "0"},
        "access": {"tokens": [token]},
        "queue": {"slots": 2},
        **more,
    }


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackGit]:
    with loopback_git(tmp_path_factory.mktemp("git")) as server:
        yield server


@pytest.fixture(scope="module")
def world(git: LoopbackGit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with building(settings(git), tmp_path_factory.mktemp("service")) as server:
        world = World(server, git, tmp_path_factory.mktemp("world"))
        world.repository("first", MADE)
        world.built("first")  # the first one makes ready what all need
        yield world


def first_lines(url: str, number: int, **headers: str) -> list[bytes]:
    """Return the first lines of an answer that goes on, and leave it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", f"{parts.path}?{parts.query}", headers=sent)
    answer = connection.getresponse()
    lines = [answer.readline() for _ in range(number)]
    connection.close()
    return lines


def test_curl_builds_and_downloads_by_one_url(world: World, tmp_path: Path) -> None:
    world.repository("curled", MADE)
    url = world.url("curled")
    subprocess.run(["curl", "-fsS", "-X", "POST", f"{url}?wait=60"], check=True)

    subprocess.run(["curl", "-fsSOJL", url], check=True, cwd=tmp_path)
    subprocess.run(["curl", "-fsSOL", f"{url}/SHA256SUMS"], check=True, cwd=tmp_path)

    assert (tmp_path / "curled_linux_amd64.tar.gz").exists()
    checked = ["sha256sum", "-c", "--ignore-missing", "SHA256SUMS"]
    subprocess.run(checked, check=True, cwd=tmp_path)


def test_an_interrupted_download_goes_on(world: World, tmp_path: Path) -> None:
    world.repository("resumed", MADE)
    world.built("resumed")
    whole = download(world.url("resumed")).body
    file = tmp_path / "half"
    file.write_bytes(whole[:20])
    resumed = ["curl", "-fsSL", "-C", "-", "-o", str(file), world.url("resumed")]
    subprocess.run(resumed, check=True)
    assert file.read_bytes() == whole


def test_a_head_has_the_headers_of_the_file(world: World) -> None:
    world.repository("headed", MADE)
    world.built("headed")
    file = download(world.url("headed"))
    url = world.url("headed") + "/headed_linux_amd64.tar.gz"
    head = ask(url, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(file.body))
    tag = f'"{hashlib.sha256(file.body).hexdigest()}"'
    assert head.headers["etag"] == tag
    assert ask(url, headers={"If-None-Match": tag}).status == 304


def test_a_version_with_a_slash_is_one_name(world: World) -> None:
    world.repository("slashed", MADE, "cmd/v1.0.0")
    assert world.built("slashed", "cmd%2Fv1.0.0")["version"] == "cmd/v1.0.0"
    assert download(world.url("slashed", "cmd%2Fv1.0.0")).status == 200


def test_events_go_on_where_a_broken_connection_left_them(world: World) -> None:
    world.repository("told", MADE)
    build = world.built("told")
    url = f"{world.server.url}/api/v1/builds/{build['id']}/logs"
    head = first_lines(url, 5, accept="text/event-stream")
    assert head[0] == b"retry: 300\n"
    assert head[2] == b"id: 1\n"
    again = first_lines(url, 3, accept="text/event-stream", last_event_id="1")
    assert again[2] == b"id: 2\n"


def test_defect_1_a_token_is_in_no_log(world: World) -> None:
    world.repository("secretive", MADE)
    sent = {"Authorization": f"token {TOKEN}"}
    posted = ask(world.url("secretive"), "POST", headers=sent)
    build = wait_for(world.server, posted.json["build_id"])

    with urlopen(f"{world.server.url}/builds/{build['id']}/logs", timeout=60) as log:
        assert TOKEN.encode() not in log.read()
    assert TOKEN not in json.dumps(build)
    assert TOKEN not in world.server.logged()
    assert TOKEN not in " ".join(world.git.asked)


def test_defect_4_the_exit_status_of_make_counts(world: World) -> None:
    world.repository("failing", FAILING)
    build = world.built("failing")
    assert (build["state"], build["artifacts"]) == ("failed", [])
    assert download(world.url("failing")).status == 404


def test_defect_5_files_in_new_and_ignored_folders_are_found(world: World, tmp_path: Path) -> None:
    world.repository("hidden", MADE)
    assert world.built("hidden")["state"] == "succeeded"
    archive = tmp_path / "hidden.tar.gz"
    archive.write_bytes(download(world.url("hidden")).body)
    listed = subprocess.run(
        ["tar", "tzf", str(archive)], check=True, capture_output=True, text=True
    ).stdout
    assert set(listed.split("\n")) >= {"a name", "dist/deep/tool"}


def test_defect_7_a_branch_is_what_it_is_today(world: World) -> None:
    repository = world.repository("moving", MADE)
    old = world.built("moving", "main")
    assert old["commit"] == repository.git("rev-parse", "HEAD")
    before = ask(world.url("moving", "main"))
    assert before.status == 302
    assert before.headers["location"] == world.path("moving", old["commit"])
    assert download(world.url("moving", "main")).status == 200

    repository.commit({"Makefile": MADE.replace("made", "anew")})
    world.git.publish(repository, "team/moving")

    after = ask(world.url("moving", "main"))
    assert after.headers["location"] != before.headers["location"]
    assert download(world.url("moving", "main")).status == 404
    assert world.built("moving", "main")["id"] != old["id"]


@pytest.fixture(scope="module")
def restarted(
    git: LoopbackGit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, str]]:
    """A server that was killed while a build waited, and started again; builds have 20 s."""
    folder, made = tmp_path_factory.mktemp("restarted"), tmp_path_factory.mktemp("made")
    with building(settings(git, queue={"work": False}), folder) as server:
        world = World(server, git, made)
        world.repository("waiting", MADE)
        build_id = world.posted("waiting")
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    with building(settings(git, limits={"timeout": "20s"}), folder) as server:
        yield World(server, git, made), build_id


def test_defect_8_a_restart_loses_nothing(restarted: tuple[World, str]) -> None:
    world, build_id = restarted
    assert wait_for(world.server, build_id)["state"] == "succeeded"


def test_defect_9_nothing_is_left_of_a_build_but_its_files(world: World) -> None:
    world.repository("tidy", MADE)
    build = world.built("tidy")
    end = time.monotonic() + 30
    work = world.server.root / "work"
    while any(each.name.startswith(build["id"]) for each in work.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_defect_10_a_build_has_an_end(restarted: tuple[World, str]) -> None:
    world, _ = restarted
    world.repository("endless", SLOW)
    assert world.built("endless")["state"] == "timed_out"


def test_defect_11_hosts_that_are_not_allowed_are_not_cloned_from(world: World) -> None:
    with loopback_git(world.folder / "other") as other:
        for path in (f"{other.host}/team/x", "169.254.169.254:80/latest/meta-data"):
            answer = ask(f"{world.server.url}/{path}/linux/amd64/v1.0.0", "POST")
            assert answer.status in {400, 403, 404}, answer
        order = {
            "source": {"type": "git", "host": other.host, "path": "team/x"},
            "targets": ["linux/amd64"],
        }
        assert ask(f"{world.server.url}/api/v1/builds", "POST", order).status == 403
        assert other.asked == []


def test_defect_12_logs_come_while_it_builds_and_it_can_be_cancelled(world: World) -> None:
    world.repository("slow", SLOW)
    build_id = world.posted("slow")
    seen: list[Any] = []
    begun = threading.Event()

    def follow() -> None:
        with urlopen(f"{world.server.url}/builds/{build_id}/logs", timeout=_SECONDS) as log:
            for line in log:
                seen.append(json.loads(line))
                if seen[-1]["msg"] == "begun":
                    begun.set()

    reader = threading.Thread(target=follow)
    reader.start()
    assert begun.wait(60), world.server.logged()
    assert set(seen[0]) == {"build_id", "level", "msg", "time"}

    cancelled = ask(
        f"{world.server.url}/api/v1/builds/{build_id}",
        "DELETE",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )

    assert cancelled.status == 202
    assert wait_for(world.server, build_id, 60)["state"] == "cancelled"
    reader.join(30)
    assert not reader.is_alive()
