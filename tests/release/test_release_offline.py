"""Go inside the package, from places in memory."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.buildpack.go_dist.catalog import Release
from gobp.buildpack.go_dist.distribution import module_prefix
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule
from gobp.errors import UserError
from gobp.golang.dirhash import hash1
from gobp.golang.version import GoVersion
from gobp.system.packed import unpack
from release.offline import Packager, wanted
from tests.fakes.memory_fetcher import MemoryFetcher

VERSION = GoVersion.parse("1.99.1")
FILES = {
    "bin/go": b"the go command",
    "pkg/tool/linux_amd64/vet": b"vet",
    "src/cmd/go/main.go": b"package main\n",
    "src/os/dir_windows.go": b"package os\n",
    "VERSION": b"go1.99.1\n",
}
PROXY = "https://proxy.example.com"
MODULE_URL = f"{PROXY}/golang.org/toolchain/@v/v0.0.1-go1.99.1.linux-amd64.zip"
ARCHIVE_URL = "https://go.example.com/dl/go1.99.1.linux-amd64.tar.gz"
NAMES = {module_prefix(VERSION, "amd64") + name: content for name, content in FILES.items()}
HASH = hash1((name, hashlib.sha256(content).hexdigest()) for name, content in NAMES.items())
RELEASE = Release(VERSION, "amd64", ARCHIVE_URL, "", HASH)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in NAMES.items():
            file.writestr(name, content)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in FILES.items():
            info = tarfile.TarInfo(f"go/{name}")
            info.size = len(content)
            info.mode = 0o755 if name.startswith(("bin/", "pkg/tool/")) else 0o644
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def packager(root: Path, served: Mapping[str, bytes]) -> Packager:
    fetcher = MemoryFetcher(served)
    for name in ("buildpack", "downloads"):
        (root / name).mkdir()
    module = ToolchainModule(fetcher, (PROXY,), "off")
    return Packager(root / "buildpack", module, fetcher, {}, root / "downloads")


@pytest.mark.parametrize(
    "served", [{MODULE_URL: zipped()}, {ARCHIVE_URL: tarred()}], ids=["module", "archive"]
)
def test_what_compiling_takes_is_one_archive_and_the_rest_another(
    tmp_path: Path, served: dict[str, bytes]
) -> None:
    go, rest = packager(tmp_path, served).package(RELEASE)

    assert unpacked(tmp_path, go) == {"VERSION", "bin/go"}
    assert unpacked(tmp_path, rest) == {"pkg/tool/linux_amd64/vet", "src/os/dir_windows.go"}
    digest = str(go["checksum"]).removeprefix("sha256:")
    assert go == {
        "id": "go",
        "version": "1.99.1",
        "os": "linux",
        "arch": "amd64",
        "uri": f"file:///dependencies/{digest}.tar.zst",
        "checksum": f"sha256:{digest}",
        "module-hash": HASH,
        "purl": "pkg:generic/go@1.99.1",
    }


def unpacked(root: Path, entry: Mapping[str, object]) -> set[str]:
    """Return the names in an archive of the package, whose checksum is that of its entry."""
    archive = root / "buildpack" / str(entry["uri"]).removeprefix("file:///")
    assert entry["checksum"] == f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
    (root / str(entry["id"])).mkdir()
    return set(unpack(archive, root / str(entry["id"])))


def test_a_package_is_the_same_from_either_shape(tmp_path: Path) -> None:
    entries = []
    for shape, served in (("zip", {MODULE_URL: zipped()}), ("tar", {ARCHIVE_URL: tarred()})):
        (tmp_path / shape).mkdir()
        entries.append(packager(tmp_path / shape, served).package(RELEASE))

    assert entries[0] == entries[1]


def test_a_distribution_with_another_hash_is_refused_and_forgotten(tmp_path: Path) -> None:
    release = Release(VERSION, "amd64", "", "", "h1:other")

    with pytest.raises(UserError, match="corrupted"):
        packager(tmp_path, {MODULE_URL: zipped()}).package(release)

    assert list((tmp_path / "downloads").iterdir()) == []
    assert list((tmp_path / "buildpack").iterdir()) == []


def test_one_that_cannot_be_had_fails_and_says_how_to_go_without_it(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        packager(tmp_path, {}).package(RELEASE)

    assert caught.value.summary == "Go 1.99.1 for linux/amd64 cannot be packaged"
    assert "ARCHES=" in caught.value.remedy
    assert len(caught.value.detail.splitlines()) == 2


def test_what_was_fetched_once_is_not_fetched_again(tmp_path: Path) -> None:
    first = packager(tmp_path, {MODULE_URL: zipped()})
    first.package(RELEASE)
    fetcher = MemoryFetcher({})
    module = ToolchainModule(fetcher, (PROXY,), "off")

    again = Packager(first.buildpack, module, fetcher, {}, first.downloads).package(RELEASE)

    assert [each["id"] for each in again] == ["go", "go-rest"]
    assert fetcher.asked == []


def test_other_dependencies_come_along_where_they_can_be_had(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sha256 = hashlib.sha256(b"dep").hexdigest()
    here = {"id": "dep", "version": "1", "arch": "amd64", "uri": "https://example.com/dep"}
    here["checksum"] = f"sha256:{sha256}"
    away = {**here, "id": "watchexec", "uri": "https://example.com/watchexec", "checksum": "x"}
    made = packager(tmp_path, {"https://example.com/dep": b"dep"})

    assert made.package_other(here)["uri"] == f"file:///dependencies/{sha256}"
    assert made.package_other(away) == away
    assert "Warning: watchexec 1 for amd64 is not in the package" in capsys.readouterr().out


METADATA = {
    "default-versions": {"go": "1.26.*"},
    "dependencies": [
        {"id": "go", "version": version, "arch": arch, "module-hash": "h1:x"}
        for version in ("1.27.3", "1.26.10", "1.26.8", "1.25.14")
        for arch in ("amd64", "arm64")
    ],
}


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("1.26.8", ["1.26.8"]),
        ("1.25.14, 1.27.3", ["1.27.3", "1.25.14"]),
        ("1.25 1.25.14", ["1.25.14"]),
        ("default", ["1.26.10"]),
        ("1.24.1", ["1.24.1"]),
    ],
)
def test_versions_are_named_between_spaces_or_commas(text: str, versions: list[str]) -> None:
    found = list(wanted(METADATA, text, ["amd64", "arm64"]))

    assert [str(each.version) for each in found if each.architecture == "arm64"] == versions
    assert len(found) == 2 * len(versions)


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="newest"):
        list(wanted(METADATA, "newest", ["amd64"]))
