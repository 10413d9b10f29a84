"""The service as its users have it: ``gobp serve builds``, real modules, real repositories."""

import hashlib
import io
import json
import struct
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest

from integration.build_servers import ask, building, download, wait_for, worker
from integration.git_hosting import GitRepository
from integration.loopback_git import loopback_git
from integration.module_servers import ModuleServer
from tests.modproxy.index.postgresql_server import postgresql_server

pytestmark = pytest.mark.builds
HEY = "github.com/rakyll/hey"
TARGETS = ("linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64")
_ELF, _PE = b"\x7fELF", b"MZ"
_MACH_O_ARM64 = struct.pack("<II", 0xFEEDFACF, 0x0100000C)
_MACHINES = {"linux/amd64": 62, "linux/arm64": 183}  # of the ELF header


def programs(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        return {
            member.name: content.read()
            for member in tar
            if (content := tar.extractfile(member)) is not None
        }


def is_for(program: bytes, target: str) -> bool:
    """Say by the header of a program what it runs on."""
    if target in _MACHINES:
        return program[:4] == _ELF and int.from_bytes(program[18:20], "little") == _MACHINES[target]
    return program.startswith(_PE if target.startswith("windows") else _MACH_O_ARM64)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleServer]:
    """A server as it is by default, but for where it listens and what it keeps."""
    with building({}, tmp_path_factory.mktemp("builds")) as started:
        yield started


@pytest.mark.parametrize("target", TARGETS)
def test_a_post_of_a_real_module_gives_its_program_by_the_same_url(
    server: ModuleServer, target: str
) -> None:
    url = f"{server.url}/{HEY}/{target}/v0.1.4"

    posted = ask(url, "POST")

    assert posted.status == 202, (posted, server.logged())
    build = wait_for(server, posted.json["build_id"])
    assert build["state"] == "succeeded", build
    found = download(url)
    files = programs(found.body)
    (name,) = files
    assert name == ("hey.exe" if target.startswith("windows") else "hey")
    assert is_for(files[name], target)
    again = ask(url, "POST")
    assert again.status == 409
    assert url.removeprefix(server.url) in again.body.decode()


def test_the_program_runs_here(server: ModuleServer, tmp_path: Path) -> None:
    posted = ask(f"{server.url}/{HEY}/linux/amd64/v0.1.4", "POST")
    if posted.status == 202:
        wait_for(server, posted.json["build_id"])
    program = tmp_path / "hey"
    program.write_bytes(programs(download(f"{server.url}/{HEY}/linux/amd64/v0.1.4").body)["hey"])
    program.chmod(0o755)

    said = subprocess.run([program], capture_output=True, text=True, check=False).stderr

    assert "Usage: hey" in said


def test_one_request_builds_all_programs_of_a_module_for_several_targets(
    server: ModuleServer,
) -> None:
    order = {
        "source": {"type": "module", "path": "filippo.io/age"},
        "ref": "v1.2.1",
        "targets": list(TARGETS),
    }

    posted = ask(f"{server.url}/api/v1/builds", "POST", order)

    assert posted.status in {200, 201, 202}, (posted, server.logged())
    builds = posted.json["builds"]
    assert len(builds) == len(TARGETS)
    for build in builds:
        ended = wait_for(server, build["id"])
        assert ended["state"] == "succeeded", ended
        target = ended["target"]
        (archive,) = [each for each in ended["artifacts"] if each["kind"] == "archive"]
        found = download(f"{server.url}/api/v1/builds/{build['id']}/artifacts/{archive['name']}")
        assert hashlib.sha256(found.body).hexdigest() == archive["sha256"]
        files = programs(found.body)
        suffix = ".exe" if target.startswith("windows") else ""
        assert {f"age{suffix}", f"age-keygen{suffix}"} <= set(files)
        assert all(is_for(program, target) for program in files.values())


def test_the_log_comes_while_it_builds(tmp_path: Path) -> None:
    with building({}, tmp_path) as server:
        posted = ask(f"{server.url}/{HEY}/linux/amd64/v0.1.3", "POST")
        assert posted.status == 202, posted
        build_id = posted.json["build_id"]
        states_with_lines = []
        with urlopen(f"{server.url}/builds/{build_id}/logs", timeout=300) as stream:
            for raw in stream:
                assert json.loads(raw)["build_id"] == build_id
                states_with_lines.append(
                    ask(f"{server.url}/api/v1/builds/{build_id}").json["state"]
                )

        assert states_with_lines[0] in {"queued", "running"}
        assert wait_for(server, build_id)["state"] == "succeeded"


def test_a_repository_of_an_allowed_host_is_built_by_make(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "tool")
    repository.commit(
        {
            "go.mod": "module git.example/team/tool\n\ngo 1.24\n",
            "main.go": 'package main\n\nfunc main() { println("made") }\n',
            "Makefile": "build:\n\tmkdir -p dist && go build -o dist/tool .\n",
            ".gitignore": "dist/\n",
        },
        "v1.0.0",
    )
    with loopback_git(tmp_path / "host") as host:
        host.publish(repository, "team/tool")
        git = msgspec.to_builtins(host.settings())
        with building({"sources": {"git": [git]}}, tmp_path / "service") as server:
            url = f"{server.url}/{host.host}/team/tool/linux/amd64/v1.0.0"
            posted = ask(url, "POST")
            assert posted.status == 202, posted
            build = wait_for(server, posted.json["build_id"])

            assert build["state"] == "succeeded", build
            assert list(programs(download(url).body)) == ["dist/tool"]
            assert ask(url, "POST").status == 409


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_of_400_requests_over_50_programs_each_is_built_once(tmp_path: Path, engine: str) -> None:
    with ExitStack() as stack:
        settings: dict[str, object] = {
            "access": {"quota": {"requests": 10_000, "builds": 10_000, "waiting": 1000}},
            "queue": {"work": False},
        }
        if engine == "postgresql":
            conninfo = stack.enter_context(postgresql_server())
            settings["queue"] = {"work": False, "postgresql": conninfo}
        server = stack.enter_context(building(settings, tmp_path))
        platforms = ask(f"{server.url}/api/v1/targets").json
        urls = [
            f"{server.url}/{HEY}/{each['goos']}/{each['goarch']}/{version}"
            for each in platforms[:25]
            for version in ("v0.1.3", "v0.1.4")
        ]
        begin = threading.Barrier(16)

        def post(number: int) -> str:
            if number < 16:
                begin.wait(60)
            answer = ask(urls[number % 50], "POST")
            assert answer.status == 202, answer
            return str(answer.json["build_id"])

        with ThreadPoolExecutor(16) as clients:
            ids = list(clients.map(post, range(400)))

        assert len(set(ids)) == 50
        listed = ask(f"{server.url}/api/v1/builds?limit=100").json["builds"]
        assert {build["id"] for build in listed} == set(ids)


def test_three_workers_share_what_one_server_takes_in(tmp_path: Path) -> None:
    with ExitStack() as stack:
        conninfo = stack.enter_context(postgresql_server())
        settings = {"queue": {"work": False, "postgresql": conninfo, "slots": 1}}
        server = stack.enter_context(building(settings, tmp_path))
        for number in range(3):
            stack.enter_context(worker(tmp_path, f"worker{number}"))
        order = {
            "source": {"type": "module", "path": HEY},
            "ref": "v0.1.4",
            "targets": list(TARGETS),
        }

        posted = ask(f"{server.url}/api/v1/builds", "POST", order)

        assert posted.status in {200, 201, 202}, (posted, server.logged())
        ended = [wait_for(server, build["id"]) for build in posted.json["builds"]]
        assert [build["state"] for build in ended] == ["succeeded"] * 4
        assert ask(f"{server.url}/{HEY}/linux/amd64/v0.1.4", "POST").status == 409
