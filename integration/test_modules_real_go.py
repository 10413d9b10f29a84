"""The real go command on real modules: through gobp, then without upstream, as files, by nginx."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.docker import free_port
from integration.go_env import go_env
from integration.module_servers import ModuleServer, running
from integration.web_servers import nginx

BIG = "github.com/Azure/azure-sdk-for-go@v68.0.0+incompatible"  # 69 MB
MODULES = {
    "with upper case": "github.com/BurntSushi/toml@v1.4.0",
    "incompatible": "github.com/gofrs/uuid@v3.2.0+incompatible",
    "a pseudo-version": "golang.org/x/exp@v0.0.0-20240719175910-8a7402abbf56",
    "retracted": "github.com/klauspost/compress@v1.14.1",
    "nested": "github.com/hashicorp/consul/api@v1.28.2",
    "of gopkg.in": "gopkg.in/yaml.v3@v3.0.1",
    "a pseudo-version of gopkg.in": "gopkg.in/check.v1@v1.0.0-20201130134442-10cb98267c6c",
    "without go.mod": "github.com/pkg/errors@v0.9.1",
    "large": BIG,
    "with dependencies": "filippo.io/age@v1.2.1",
}
PROGRAM = "filippo.io/age/cmd/age-keygen@v1.2.1"
TOOLCHAIN = "go1.25.4"
COMPRESS = "github.com/klauspost/compress"


@dataclass(frozen=True, slots=True)
class Client:
    """A go command with caches of its own, and one proxy."""

    folder: Path
    proxy: str

    def go(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run go; never with another toolchain, unless a variable says so."""
        self.folder.mkdir(parents=True, exist_ok=True)
        env = go_env(self.folder, self.proxy, **variables)
        return subprocess.run(
            ["go", *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )

    def download(self, *modules: str) -> dict[str, tuple[str, str]]:
        """Return the hashes of zip and go.mod by module, as go computed them."""
        done = self.go("mod", "download", "-json", *modules)
        assert done.returncode == 0, done.stdout + done.stderr
        decoder, text, sums = json.JSONDecoder(), done.stdout.lstrip(), {}
        while text:
            entry, end = decoder.raw_decode(text)
            sums[f"{entry['Path']}@{entry['Version']}"] = (entry["Sum"], entry["GoModSum"])
            text = text[end:].lstrip()
        return sums


def gobp(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command gobp."""
    command = [sys.executable, "-m", "gobp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)


def settings_file(folder: Path) -> str:
    """Return where the settings are that the folder was filled with."""
    return str(folder / "server/settings.yaml")


@dataclass(frozen=True, slots=True)
class Filled:
    """A proxy's folder after the go command fetched all through it, and the sums it saw."""

    root: Path
    sums: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that is removed at the end: it gets large."""
    folder = tmp_path_factory.mktemp("real-go")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def filled(upstream: str, folder: Path) -> Filled:
    """All modules, fetched once through gobp with the checksum database asked."""
    with running({"upstream": {"proxies": upstream}}, folder / "server") as server:
        client = Client(folder / "first", server.url)
        sums = client.download(*MODULES.values())
        installed = client.go("install", PROGRAM)
        assert installed.returncode == 0, installed.stderr
        toolchain = client.go("version", GOTOOLCHAIN=TOOLCHAIN)
        assert TOOLCHAIN in toolchain.stdout, toolchain.stdout + toolchain.stderr
        return Filled(server.root, sums)


@pytest.fixture(scope="module")
def complete(filled: Filled, folder: Path) -> Filled:
    """The same folder with all of the checksum database that clients without gobp may ask."""
    done = gobp("modules", "verify", "--against-database", "--config", settings_file(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return filled


@pytest.fixture(scope="module")
def alone(filled: Filled, folder: Path) -> Iterator[ModuleServer]:
    """The same proxy, when its upstream is gone."""
    dead = f"http://127.0.0.1:{free_port()}"
    settings = {"root": str(filled.root), "upstream": {"proxies": dead, "attempts": 1}}
    with running(settings, folder / "alone") as server:
        yield server


def test_sums_through_gobp_are_those_of_a_direct_download(
    filled: Filled, upstream: str, folder: Path
) -> None:
    direct = Client(folder / "direct", upstream).download(*MODULES.values())

    assert filled.sums == direct
    assert set(filled.sums) == set(MODULES.values())


def test_nobody_fetched_a_zip_that_go_did_not_ask_for(filled: Filled, folder: Path) -> None:
    asked = {path.name for path in (folder / "first/gopath").rglob("cache/download/**/*.zip")}

    fetched = {path.name for path in (filled.root / "public").rglob("*.zip")}

    assert fetched == asked


def test_without_upstream_all_that_was_seen_is_served(
    filled: Filled, alone: ModuleServer, folder: Path
) -> None:
    assert Client(folder / "alone-go", alone.url).download(*MODULES.values()) == filled.sums


def test_without_upstream_the_latest_version_is_computed(alone: ModuleServer, folder: Path) -> None:
    client = Client(folder / "alone-latest", alone.url)

    done = client.go("list", "-m", "github.com/pkg/errors@latest")

    assert done.stdout.split() == ["github.com/pkg/errors", "v0.9.1"], done.stderr


def test_without_upstream_go_switches_its_toolchain(alone: ModuleServer, folder: Path) -> None:
    done = Client(folder / "alone-toolchain", alone.url).go("version", GOTOOLCHAIN=TOOLCHAIN)

    assert TOOLCHAIN in done.stdout, done.stderr


def test_without_upstream_a_program_is_installed(alone: ModuleServer, folder: Path) -> None:
    client = Client(folder / "alone-install", alone.url)

    done = client.go("install", PROGRAM)

    assert done.returncode == 0, done.stderr
    assert (client.folder / "gopath/bin/age-keygen").is_file()


def test_without_upstream_a_new_app_gets_its_dependencies(
    alone: ModuleServer, folder: Path
) -> None:
    client = Client(folder / "alone-get", alone.url)
    client.go("mod", "init", "example.com/app")

    done = client.go("get", "filippo.io/age@v1.2.1", "github.com/BurntSushi/toml@v1.4.0")

    assert done.returncode == 0, done.stderr
    assert "filippo.io/age v1.2.1" in (client.folder / "go.mod").read_text()


def test_the_tree_is_a_proxy_of_files(complete: Filled, folder: Path) -> None:
    client = Client(folder / "files", f"file://{complete.root}/public")

    assert client.download(*MODULES.values()) == complete.sums


def test_nginx_serves_the_tree(complete: Filled, folder: Path) -> None:
    with nginx(complete.root / "public", folder / "nginx") as url:
        sums = Client(folder / "nginx-go", url).download(*MODULES.values())

    assert sums == complete.sums


def test_a_retracted_version_is_known_as_retracted(upstream: str, folder: Path) -> None:
    with running({"upstream": {"proxies": upstream}}, folder / "retracted") as server:
        client = Client(folder / "retracted-go", server.url)

        versions = client.go(
            "list", "-m", "-versions", "-retracted", "github.com/klauspost/compress"
        )
        why = client.go(
            "list",
            "-m",
            "-retracted",
            "-f",
            "{{.Retracted}}",
            "github.com/klauspost/compress@v1.14.1",
        )

    assert "v1.14.1" in versions.stdout.split(), versions.stderr
    assert why.stdout.strip() not in {"", "[]"}, why.stderr
