"""Modules become files, of which each byte was verified."""

import hashlib
import os
import zipfile
from base64 import b64decode
from pathlib import Path

import pytest

from gobp.buildservice.builds.order import GitSource, ModuleSource, Pin
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.buildservice.sources.go_modules import open_modules
from gobp.buildservice.sources.module_fetcher import ModuleFetcher
from gobp.buildservice.sources.tree import FetchError
from tests.buildservice.builds.module_files import MAIN, ModuleFiles

PATH = "example.com/Team/app"
FILES = {"main.go": MAIN, "cmd/tool/main.go": MAIN, "data/empty": ""}


@pytest.fixture
def proxy(tmp_path: Path) -> ModuleFiles:
    return ModuleFiles(tmp_path / "proxy")


def fetcher(proxy: ModuleFiles, tmp_path: Path, most: int = 10_000) -> ModuleFetcher:
    settings = Settings(sources=Sources(proxies=proxy.url, sums="off"))
    return ModuleFetcher(open_modules(settings, os.environ, tmp_path / "root"), 20, most)


def empty(tmp_path: Path, name: str = "source") -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_the_files_of_a_version_are_there_and_the_tree_says_which_they_are(
    proxy: ModuleFiles, tmp_path: Path
) -> None:
    h1 = proxy.put(PATH, "v1.0.0", FILES)
    lines: list[str] = []
    folder = empty(tmp_path)
    tree = fetcher(proxy, tmp_path).fetch(
        ModuleSource(PATH), Pin(version="v1.0.0", h1=h1, time=42), folder, lines.append
    )
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert found == ["cmd/tool/main.go", "data/empty", "go.mod", "main.go"]
    assert (folder / "main.go").read_text() == MAIN
    assert (tree.folder, tree.time) == (folder, 42)
    assert tree.uri == "pkg:golang/example.com/Team/app@v1.0.0"
    assert (tree.digest_name, bytes.fromhex(tree.digest)) == ("dirHash", b64decode(h1[3:]))
    assert lines == [f"downloading module {PATH}@v1.0.0", f"verified {PATH}@v1.0.0 {h1}"]


def test_a_version_that_is_not_what_was_resolved_is_refused(
    proxy: ModuleFiles, tmp_path: Path
) -> None:
    proxy.put(PATH, "v1.0.0", FILES)
    wrong = "h1:" + "A" * 43 + "="
    with pytest.raises(FetchError, match="had h1:AAAA") as caught:
        fetcher(proxy, tmp_path).fetch(
            ModuleSource(PATH), Pin(version="v1.0.0", h1=wrong), empty(tmp_path), print
        )
    assert not caught.value.passing


def test_a_cache_that_was_tampered_with_is_noticed(proxy: ModuleFiles, tmp_path: Path) -> None:
    h1 = proxy.put(PATH, "v1.0.0", FILES)
    fetch = fetcher(proxy, tmp_path).fetch
    fetch(ModuleSource(PATH), Pin(version="v1.0.0", h1=h1), empty(tmp_path), print)
    kept = next((tmp_path / "root").rglob("v1.0.0.zip"))
    with zipfile.ZipFile(kept, "a") as archive:
        archive.writestr(f"{PATH}@v1.0.0/evil.go", "package main\n")
    with pytest.raises(FetchError, match="has the hash"):
        fetch(ModuleSource(PATH), Pin(version="v1.0.0", h1=h1), empty(tmp_path, "again"), print)


@pytest.mark.parametrize("name", ["../evil", "evil", "a/../../evil", "/etc/evil"])
def test_a_file_outside_the_module_is_never_written(
    proxy: ModuleFiles, tmp_path: Path, name: str
) -> None:
    h1 = proxy.put(PATH, "v1.0.0", FILES)
    fetch = fetcher(proxy, tmp_path).fetch
    fetch(ModuleSource(PATH), Pin(version="v1.0.0", h1=h1), empty(tmp_path), print)
    kept = next((tmp_path / "root").rglob("v1.0.0.zip"))
    prefix = "" if name in {"evil", "/etc/evil"} else f"{PATH}@v1.0.0/"
    with zipfile.ZipFile(kept, "a") as archive:
        archive.writestr(prefix + name, "evil")
    with pytest.raises(FetchError, match="outside"):
        fetch(ModuleSource(PATH), Pin(version="v1.0.0", h1=h1), empty(tmp_path, "again"), print)
    assert not list(tmp_path.rglob("evil"))


def test_a_source_has_a_size(proxy: ModuleFiles, tmp_path: Path) -> None:
    h1 = proxy.put(PATH, "v1.0.0", {"main.go": MAIN, "big": "x" * 20_000})
    with pytest.raises(FetchError, match="larger") as caught:
        fetcher(proxy, tmp_path).fetch(
            ModuleSource(PATH), Pin(version="v1.0.0", h1=h1), empty(tmp_path), print
        )
    assert not caught.value.passing
    written = sum(path.stat().st_size for path in (tmp_path / "source").rglob("*"))
    assert written < 20_000


def test_what_passes_is_told_from_what_does_not(proxy: ModuleFiles, tmp_path: Path) -> None:
    pin = Pin(version="v1.0.0", h1=f"h1:{hashlib.sha256().hexdigest()}")
    with pytest.raises(FetchError) as caught:
        fetcher(proxy, tmp_path).fetch(ModuleSource(PATH), pin, empty(tmp_path), print)
    assert not caught.value.passing
    settings = Settings(sources=Sources(proxies="http://127.0.0.1:1", sums="off"))
    modules = open_modules(settings, os.environ, tmp_path / "other")
    with pytest.raises(FetchError) as caught:
        ModuleFetcher(modules, 20, 1).fetch(ModuleSource(PATH), pin, tmp_path, print)
    assert caught.value.passing


def test_repositories_are_somebody_elses(proxy: ModuleFiles, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        fetcher(proxy, tmp_path).fetch(
            GitSource("git.example", "o/r"), Pin(version="v1"), tmp_path, print
        )
