"""gobp modules with the real go command, modules and a real server: mirrors that stand alone."""

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from gobp.modproxy.commands.gc import GRACE, Wanted, collect, last_used_by_times
from gobp.modproxy.tree.module_tree import ModuleTree
from integration.go_env import go_env
from integration.module_servers import running

GO_MOD = """module example.com/app

go 1.23.4

require (
	github.com/BurntSushi/toml v1.4.0
	github.com/gofrs/uuid v3.2.0+incompatible
	github.com/spf13/cobra v1.8.0
	gopkg.in/yaml.v3 v3.0.1
	rsc.io/quote v1.5.2
)
"""
MAIN = """package main

import (
	"fmt"

	"github.com/BurntSushi/toml"
	"github.com/gofrs/uuid"
	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
	"rsc.io/quote"
)

func main() {
	var document map[string]any
	_, _ = toml.Decode("a = 1", &document)
	text, _ := yaml.Marshal(document)
	fmt.Println(quote.Go(), string(text), (&cobra.Command{Use: "x"}).Name(), uuid.Nil)
}
"""
TEXT = "golang.org/x/text@v0.3.8"


@dataclass(frozen=True, slots=True)
class Commands:
    """``gobp modules`` on one root folder."""

    root: Path

    def run(self, *arguments: str, status: int = 0) -> Any:
        """Run a command; return its JSON."""
        argv = [sys.executable, "-m", "gobp", "modules", *arguments, "--json"]
        argv += ["--root", str(self.root)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=500, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return json.loads(done.stdout)

    @property
    def url(self) -> str:
        """The public tree, as GOPROXY."""
        return f"file://{self.root}/public"


@dataclass(frozen=True, slots=True)
class Offline:
    """A go command with empty caches of its own and no network at all."""

    folder: Path
    proxy: str

    def go(self, *arguments: str, cwd: Path, **variables: str) -> str:
        """Run go; return what it printed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        given = {"GOFLAGS": "-modcacherw -mod=mod", **variables}
        env = go_env(self.folder, self.proxy, **given)
        argv = [*without_network(), "go", *arguments]
        done = subprocess.run(
            argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=500, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def new_module(self) -> Path:
        """Return the folder of a module without go.sum."""
        module = self.folder / "new"
        module.mkdir(parents=True)
        (module / "go.mod").write_text("module example.com/new\n\ngo 1.23\n")
        return module


def without_network() -> list[str]:
    """Return what runs a program in a network namespace in which nothing is."""
    argv = ["unshare", "--net", "--map-root-user"]
    probe = subprocess.run([*argv, "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"unshare cannot take the network away here: {probe.stderr.decode()}")
    return argv


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: str) -> Path:
    """An app whose go.sum the go command has written, with a network."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "go.mod").write_text(GO_MOD)
    (folder / "main.go").write_text(MAIN)
    cache = tmp_path_factory.mktemp("cache")
    env = {**os.environ, "GOMODCACHE": str(cache), "GOFLAGS": "-modcacherw", "GOPROXY": upstream}
    subprocess.run(["go", "mod", "tidy"], cwd=folder, env=env, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory, app: Path) -> Commands:
    """A tree that was made for the app, and by name."""
    commands = Commands(tmp_path_factory.mktemp("mirror"))
    commands.run("add", TEXT)
    synced = commands.run("sync", str(app), "--toolchain", "linux/amd64")
    assert synced["problems"] == []
    return commands


def in_go_sum(app: Path) -> tuple[set[str], set[str]]:
    """Return the versions of which an app's go.sum has the zip, and of which the go.mod."""
    lines = [line.split()[:2] for line in (app / "go.sum").read_text().splitlines()]
    zips = {f"{path}@{version}" for path, version in lines if not version.endswith("/go.mod")}
    mods = {f"{path}@{version[:-7]}" for path, version in lines if version.endswith("/go.mod")}
    return zips, mods


def build(app: Path, proxy: str, folder: Path) -> str:
    """Build the app offline with empty caches, and return what it prints."""
    program = folder / "program"
    Offline(folder, proxy).go("build", "-o", str(program), ".", cwd=app)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


def test_an_app_is_built_offline_from_the_files_alone(
    app: Path, mirror: Commands, tmp_path: Path
) -> None:
    assert build(app, mirror.url, tmp_path).startswith("Don't communicate by sharing memory")


def test_what_is_there_is_not_fetched_again(app: Path, mirror: Commands) -> None:
    again = mirror.run("sync", str(app), "--toolchain", "linux/amd64")

    assert (again["fetched"], again["problems"]) == (0, [])
    zips, mods = in_go_sum(app)
    assert again["verifiable_offline"] == len(zips | mods) + 1, "with the toolchain"
    assert again["there"] == 2 * len(zips) + len(mods) + 1


def test_a_module_that_no_go_sum_has_is_verified_offline(mirror: Commands, tmp_path: Path) -> None:
    """The go command proves it by the checksum database's files in the tree."""
    client = Offline(tmp_path, mirror.url)
    module = client.new_module()

    client.go("get", TEXT, "rsc.io/quote@v1.5.2", cwd=module)
    downloaded = client.go("mod", "download", "-json", "github.com/spf13/cobra@latest", cwd=module)

    sums = (module / "go.sum").read_text()
    assert "golang.org/x/text v0.3.8 h1:" in sums
    assert "rsc.io/quote v1.5.2 h1:" in sums
    assert json.loads(downloaded)["Version"] == "v1.8.0"


def test_a_client_that_remembers_an_older_state_believes_the_tree(
    mirror: Commands, app: Path, tmp_path: Path
) -> None:
    commands = Commands(tmp_path / "root")
    shutil.copytree(mirror.root, commands.root)
    client = Offline(tmp_path / "client", commands.url)
    module = client.new_module()
    client.go("get", TEXT, cwd=module)

    commands.run("add", "golang.org/x/sys@v0.30.0")  # days later, perhaps: the log has grown

    client.go("get", "golang.org/x/sys@v0.30.0", "rsc.io/quote@v1.5.2", cwd=module)


def test_the_toolchain_that_go_mod_asks_for_is_there(
    mirror: Commands, app: Path, tmp_path: Path
) -> None:
    client = Offline(tmp_path, mirror.url)

    version = client.go("version", cwd=app, GOTOOLCHAIN="go1.23.4")

    assert version == "go version go1.23.4 linux/amd64\n"


def test_an_archive_takes_all_of_it_over_an_air_gap(
    mirror: Commands, app: Path, tmp_path: Path
) -> None:
    archive = str(tmp_path / "app.tar.gz")
    went = mirror.run("export", archive, "--app", str(app))
    other = Commands(tmp_path / "other")

    came = other.run("import", archive)

    assert (came["files"], came["bytes"]) == (went["files"], went["bytes"])
    assert build(app, other.url, tmp_path / "build")
    client = Offline(tmp_path / "client", other.url)
    client.go("get", "rsc.io/quote@v1.5.2", cwd=client.new_module())
    assert other.run("verify")["problems"] == []
    assert other.run("import", archive)["files"] == 0


def test_a_go_commands_own_cache_becomes_a_proxy(
    mirror: Commands, app: Path, tmp_path: Path
) -> None:
    filled = Offline(tmp_path / "filled", mirror.url)
    filled.go("mod", "download", cwd=app)
    cache = tmp_path / "filled/gopath/pkg/mod"
    commands = Commands(tmp_path / "root")

    adopted = commands.run("adopt", str(cache), "--against-database")

    assert (adopted["problems"], adopted["there"]) == ([], 0)
    zips = list((commands.root / "public").rglob("*.zip"))
    assert len(zips) == len(list(cache.glob("cache/download/**/*.zip"))) > 5
    assert all(path.stat().st_nlink == 2 for path in zips), "linked, not copied"
    assert build(app, commands.url, tmp_path / "build")


def test_a_zip_that_is_not_everybodys_is_found_by_the_database(
    mirror: Commands, tmp_path: Path
) -> None:
    commands = Commands(tmp_path / "root")
    shutil.copytree(mirror.root, commands.root)
    folder = commands.root / "public/rsc.io/quote/@v"
    shutil.copy(folder / "v1.5.2.mod", tmp_path / "mod")
    (folder / "v1.5.2.mod").write_text((tmp_path / "mod").read_text() + "\n// altered\n")

    assert commands.run("verify")["problems"] == []
    found = commands.run("verify", "--against-database", "--fix", status=1)

    assert [problem["about"] for problem in found["problems"]] == ["rsc.io/quote@v1.5.2 (mod)"]
    assert commands.run("add", "rsc.io/quote@v1.5.2")["fetched"] == 1
    assert (folder / "v1.5.2.mod").read_bytes() == (tmp_path / "mod").read_bytes()


def test_an_interrupted_command_leaves_nothing_half_written(app: Path, tmp_path: Path) -> None:
    commands = Commands(tmp_path / "root")
    argv = [sys.executable, "-m", "gobp", "modules", "sync", str(app)]
    argv += ["--root", str(commands.root)]
    for seconds in (1.0, 2.0, 3.0):
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in {0, 1, -signal.SIGINT}  # the last: it had hardly begun
        assert list((commands.root / "public/.gobp/tmp").glob("*")) == []
        assert commands.run("verify")["problems"] == []

    assert commands.run("sync", str(app))["problems"] == []
    assert build(app, commands.url, tmp_path / "build")


def test_dependencies_are_enough_to_install_a_program_offline(tmp_path: Path) -> None:
    commands = Commands(tmp_path / "root")
    program = "github.com/mitchellh/gox@v1.0.1"
    assert commands.run("add", "--with-dependencies", program)["problems"] == []

    client = Offline(tmp_path / "client", commands.url)
    client.go("install", program, cwd=client.new_module())

    assert (tmp_path / "client/gopath/bin/gox").exists()


class Readers:
    """Clients that ask a server for the same files over and over, and note what is wrong.

    A file may go in the very moment in which it is asked for: then it is asked for once more.
    """

    def __init__(self, url: str, files: dict[str, bytes]) -> None:
        self._url = urlsplit(url)
        self._files = files
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(4)]
        self.wrong: list[str] = []
        self.asked = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, seed: int) -> None:
        chance = random.Random(seed)
        assert self._url.hostname is not None
        connection = http.client.HTTPConnection(self._url.hostname, self._url.port, timeout=60)
        while not self._ends.is_set():
            path = chance.choice(sorted(self._files))
            status, body = _answer(connection, path)
            if status != 200:
                status, body = _answer(connection, path)
            self.asked += 1
            if status != 200 or body != self._files[path]:
                self.wrong.append(f"{path}: {status} {body[:200]!r}")
        connection.close()


def _answer(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    connection.request("GET", f"/{path}")
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.fixture
def served(mirror: Commands, tmp_path: Path) -> Iterator[tuple[str, ModuleTree, dict[str, bytes]]]:
    """A server whose upstream is the mirror's tree; its own tree, and what it must answer."""
    settings = {"upstream": {"proxies": mirror.url}, "sums": {"database": "off"}}
    source = mirror.root / "public"
    files = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for pattern in ("*.info", "*.mod", "*.zip")
        for path in (source / "rsc.io").rglob(pattern)
    }
    with running(settings, tmp_path / "server") as server:
        yield server.url, ModuleTree(server.root / "public"), files


def test_a_server_goes_on_while_its_cache_is_collected(
    served: tuple[str, ModuleTree, dict[str, bytes]],
) -> None:
    url, tree, files = served
    removed = 0
    with Readers(url, files) as readers:
        for _ in range(20):
            done = collect(
                tree,
                Wanted(max_bytes=0, unused=None),
                last_used_by_times,
                dry_run=False,
                clock=lambda: time.time() + GRACE + 60,
            )
            removed += len(done.removed)
            time.sleep(0.2)

    assert readers.wrong == []
    assert readers.asked > 100
    assert removed > len(files), "files were removed, fetched again, and removed again"


def test_a_server_and_commands_fill_one_tree(
    served: tuple[str, ModuleTree, dict[str, bytes]], mirror: Commands
) -> None:
    url, tree, files = served
    commands = Commands(tree.root.parent)
    with Readers(url, files) as readers:
        commands.run("adopt", str(mirror.root / "public"))
        commands.run("verify", "--fix")
        commands.run("reindex")

    assert readers.wrong == []
    assert commands.run("verify")["problems"] == []
