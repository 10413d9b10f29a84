"""Go itself, really fetched and installed, from every place it can come from.

One download a session, from the proxy that GOPROXY names: a current release as the toolchain
module. The official archive is made of it, so that mirrors, mappings and offline packages are
tested without another download. The archive holds what the module has; what only the archive has
(api, doc, misc, test) is put in as well, as the hash must not see it.
"""

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from gobp.system.fetch import HttpFetcher, NotAvailableError
from gobp.system.machine import machine_architecture
from integration.by_hand import APP, MAIN, Workbench, go_env, known_versions
from integration.lab import ROOT
from tests.fakes.trouble_server import Request, serving

LINE = "1.27"
PROGRAMS = ("bin/", "pkg/tool/")


def wanted_version() -> str:
    """Return the newest release of the line that buildpack.toml names."""
    return next(v for v in reversed(known_versions()) if v.startswith(f"{LINE}."))


@dataclass(frozen=True)
class Distribution:
    """One release in both its shapes, on this disk."""

    version: str
    module: Path
    archive: Path

    @property
    def sha256(self) -> str:
        """The archive's checksum in hex."""
        return sha256(self.archive.read_bytes()).hexdigest()

    @property
    def archive_path(self) -> str:
        """The path of the archive on the official host."""
        return f"dl/go{self.version}.linux-{machine_architecture()}.tar.gz"

    @property
    def module_path(self) -> str:
        """The path of the module's zip on a proxy."""
        version = f"v0.0.1-go{self.version}.linux-{machine_architecture()}"
        return f"golang.org/toolchain/@v/{version}.zip"


@pytest.fixture(scope="session")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """The release, fetched once from the module proxy; skipped where that does not answer."""
    proxy = next((p for p in go_env("GOPROXY").split(",") if p.startswith("http")), None)
    if proxy is None:
        pytest.skip("GOPROXY names no proxy")
    folder = tmp_path_factory.mktemp("go")
    found = Distribution(wanted_version(), folder / "go.zip", folder / "go.tar.gz")
    try:
        HttpFetcher(os.environ).download(f"{proxy}/{found.module_path}", found.module)
    except NotAvailableError as error:
        pytest.skip(f"the module proxy cannot be reached: {error.summary}")
    make_archive(found)
    return found


def make_archive(release: Distribution) -> None:
    """Make the official archive's equal of the module, modes and names as they are there."""
    with (
        zipfile.ZipFile(release.module) as zipped,
        tarfile.open(release.archive, "w:gz", compresslevel=1) as tar,
    ):
        files = {
            name.partition("/")[2].partition("/")[2]: zipped.read(name)
            for name in zipped.namelist()
        }
        files |= {"api/go1.txt": b"pkg", "test/x.go": b"package main", "doc/a": b"", "misc/b": b""}
        for path, content in files.items():
            folder, slash, base = path.rpartition("/")
            info = tarfile.TarInfo(f"go/{folder}{slash}{'go.mod' if base == '_go.mod' else base}")
            info.size = len(content)
            info.mode = 0o755 if path.startswith(PROGRAMS) else 0o644
            tar.addfile(info, io.BytesIO(content))


@pytest.fixture
def bench(tmp_path: Path, distribution: Distribution) -> Workbench:
    """A build without the machine's Go, whose only places are those a test gives it."""
    mirror = {"BP_DEPENDENCY_MIRROR": f"file://{tmp_path}/mirror"}
    (tmp_path / "mirror/dl").mkdir(parents=True)
    return Workbench(tmp_path, {"GOPROXY": "off", "PATH": path_without_go(tmp_path), **mirror})


def path_without_go(root: Path) -> str:
    """Return a PATH with a Python that has what gobp needs, for a clone without its own."""
    folder = root / "python"
    folder.mkdir()
    script = f'#!/bin/sh\nexec {ROOT}/.venv/bin/python3 "$@"\n'
    (folder / "python3").write_text(script)
    (folder / "python3").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def app_for(version: str) -> Mapping[str, str]:
    """Return an app whose go.mod asks for the line of a release."""
    line = version.rpartition(".")[0]
    return {"go.mod": f"module example.com/app\n\ngo {line}\n", "main.go": MAIN}


def install_only(bench: Workbench, distribution: Distribution) -> str:
    """Build an app whose vendor folder is wrong: Go is installed, and then nothing compiled."""
    done = bench.build(with_wrong_vendor_folder(app_for(distribution.version)))
    assert "the vendor folder does not agree with go.mod" in done.output, done.output
    return done.output


def with_wrong_vendor_folder(app: Mapping[str, str]) -> dict[str, str]:
    module = f"{app['go.mod']}\nrequire example.com/nothing v1.0.0\n"
    return {**app, "go.mod": module, "vendor/modules.txt": ""}


def go_version(bench: Workbench) -> str:
    """Ask the installed Go for its version."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(bench.root), "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [bench.layers / "go-sdk/bin/go", "version"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()[2]


def test_an_app_for_a_new_go_is_built_by_one_from_the_module_proxy_and_that_is_reused(
    bench: Workbench, distribution: Distribution
) -> None:
    proxy = bench.root / "proxy" / distribution.module_path
    proxy.parent.mkdir(parents=True)
    shutil.copy(distribution.module, proxy)
    bench.env["GOPROXY"] = f"file://{bench.root}/proxy"

    first = bench.build(app_for(distribution.version))
    assert first.status == 0, first.output
    assert bench.program() == "hello\n"
    assert f"Installing Go {distribution.version}" in first.output
    assert go_version(bench) == f"go{distribution.version}"

    bench.restore()
    again = bench.build(app_for(distribution.version), GOPROXY="off")
    assert again.status == 0, again.output
    assert f"Reusing cached layer {bench.layers}/go\n" in again.output
    assert "Downloading" not in again.output

    bench.restore()
    packed = bench.layers / "go/go.tar.zst"
    packed.write_bytes(bytes(packed.stat().st_size))
    mended = bench.build(app_for(distribution.version))
    assert mended.status == 0, mended.output
    assert "Not reusing the cached Go: go.tar.zst is not a whole archive" in mended.output
    assert bench.program() == "hello\n"


def test_both_shapes_of_a_release_give_the_same_layer(
    bench: Workbench, distribution: Distribution
) -> None:
    shutil.copy(distribution.archive, bench.root / "mirror" / distribution.archive_path)
    install_only(bench, distribution)
    of_archive = listing(bench.layers / "go-sdk")

    shutil.rmtree(bench.layers)
    proxy = bench.root / "proxy" / distribution.module_path
    proxy.parent.mkdir(parents=True)
    shutil.copy(distribution.module, proxy)
    bench.env |= {
        "GOPROXY": f"file://{bench.root}/proxy",
        "BP_DEPENDENCY_MIRROR": f"file://{bench.root}/nowhere",
    }
    install_only(bench, distribution)

    assert listing(bench.layers / "go-sdk") == of_archive
    assert not any(path.startswith("sdk/src/cmd/") for path in of_archive)


def listing(folder: Path) -> dict[str, tuple[bool, int]]:
    """Return each file of a folder, whether it is a program, and its size."""
    return {
        str(path.relative_to(folder)): (bool(path.stat().st_mode & 0o111), path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_archive_that_differs_from_the_published_one_is_refused(
    bench: Workbench, distribution: Distribution
) -> None:
    target = bench.root / "mirror" / distribution.archive_path
    with (
        tarfile.open(distribution.archive) as whole,
        tarfile.open(target, "w:gz", compresslevel=1) as tar,
    ):
        for member in whole:
            content = whole.extractfile(member)
            data = content.read() if content else b""
            if member.name == "go/VERSION":
                data += b"\n"
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    bench.put(app_for(distribution.version))

    done = bench.run("build")

    assert done.status == 1
    assert "is corrupted: its checksum is wrong" in done.output
    assert "Traceback" not in done.output
    assert [path.name for path in bench.layers.iterdir()] == ["build-report.json"]


@pytest.fixture
def offline_package(bench: Workbench, distribution: Distribution) -> Path:
    """A buildpack folder whose buildpack.toml names one archive, with its checksum."""
    folder = bench.root / "buildpack"
    folder.mkdir()
    for name in ("bin", "gobp"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "buildpack.toml").read_text()
    head = text.partition("[[metadata.dependencies]]")[0]
    (folder / "buildpack.toml").write_text(
        f'{head}[[metadata.dependencies]]\nid = "go"\nversion = "{distribution.version}"\n'
        f'os = "linux"\narch = "{machine_architecture()}"\nuri = "@URI@"\n'
        f'checksum = "sha256:{distribution.sha256}"\n'
    )
    bench.env["CNB_BUILDPACK_DIR"] = str(folder)
    return folder


def name_uri(package: Path, uri: str) -> None:
    """Set where the package's one archive comes from."""
    file = package / "buildpack.toml"
    file.write_text(file.read_text().replace("@URI@", uri))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root (unshare)")
def test_an_offline_package_installs_go_without_any_network(
    bench: Workbench, distribution: Distribution, offline_package: Path
) -> None:
    (offline_package / "dependencies").mkdir()
    shutil.copy(distribution.archive, offline_package / "dependencies/go.tgz")
    name_uri(offline_package, "file:///dependencies/go.tgz")
    bench.prefix = ("unshare", "-n")

    install_only(bench, distribution)

    assert go_version(bench) == f"go{distribution.version}"


def test_a_mapping_leads_to_the_archive_and_what_it_holds_is_still_checked(
    bench: Workbench, distribution: Distribution, offline_package: Path
) -> None:
    name_uri(offline_package, f"https://go.example.com/{distribution.archive_path}")
    binding = bench.root / "platform/bindings/mapping"
    binding.mkdir(parents=True)
    (binding / "type").write_text("dependency-mapping")
    key = binding / distribution.sha256
    key.write_text(f"file://{distribution.archive}\n")
    assert f"Downloading file://{distribution.archive}" in install_only(bench, distribution)

    shutil.rmtree(bench.layers)
    key.write_text(f"file://{distribution.module}\n")
    bench.put(app_for(distribution.version))
    done = bench.run("build")

    assert done.status == 1
    assert f"expected sha256 {distribution.sha256}" in done.output
    assert [path.name for path in bench.layers.iterdir()] == ["build-report.json"]


def test_a_download_that_is_cut_goes_on_where_it_was_cut(
    bench: Workbench, distribution: Distribution
) -> None:
    content = distribution.module.read_bytes()
    cut_at = len(content) // 2

    def cut_once(request: Request, number: int) -> None:
        if number == 1:
            request.cut(content, cut_at)
        else:
            request.ranged(content)

    with serving(cut_once) as server:
        bench.env |= {"GOPROXY": server.url, "NO_PROXY": "127.0.0.1"}
        said = install_only(bench, distribution)

    assert "trying again (2 of 3)" in said
    resumed_at = int(server.requests[1][1]["Range"].removeprefix("bytes=").rstrip("-"))
    assert cut_at - 1024 * 1024 <= resumed_at <= cut_at
    assert go_version(bench) == f"go{distribution.version}"


def test_the_go_of_the_build_image_is_used_where_it_fits(bench: Workbench) -> None:
    bench.env["PATH"] += f":{go_env('GOROOT')}/bin"
    at_hand = go_env("GOVERSION").removeprefix("go")
    line = at_hand.rpartition(".")[0]

    app = {**APP, "go.mod": f"module a\n\ngo {line}\n"}
    done = bench.build(with_wrong_vendor_folder(app))

    assert f"Using Go {at_hand} of the build image" in done.output
    assert not (bench.layers / "go").exists()
