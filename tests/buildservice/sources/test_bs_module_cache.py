"""The cache of modules does not grow for ever, and goes on to work."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from gobp.buildservice.builds.order import ModuleSource, Pin
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.buildservice.sources.go_modules import GoModules, open_modules
from gobp.buildservice.sources.module_cache import ModuleCache
from gobp.buildservice.sources.module_fetcher import ModuleFetcher
from tests.buildservice.builds.module_files import MAIN, ModuleFiles

PATHS = ("example.com/One", "example.com/two", "example.com/three/v2")
VERSIONS = ("v1.0.0", "v1.0.0", "v2.0.0-RC.1")
BIG = {"main.go": MAIN, "data/big": "x" * 1_000_000}


@pytest.fixture
def modules(tmp_path: Path) -> GoModules:
    files = ModuleFiles(tmp_path / "proxy")
    for path, version in zip(PATHS, VERSIONS, strict=True):
        files.put(path, version, BIG)
    settings = Settings(sources=Sources(proxies=files.url, sums="off"))
    return open_modules(settings, os.environ, tmp_path)


def cached(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "modules" / "modules").rglob("*.zip"))


def fill(modules: GoModules) -> None:
    """Download all, of which the first is used longest ago."""
    for second, (path, version) in enumerate(zip(PATHS, VERSIONS, strict=True)):
        found = modules.download(path, version, 20)
        os.utime(found.zip, (second, second))


def test_a_cache_that_is_small_enough_is_left_alone(modules: GoModules, tmp_path: Path) -> None:
    fill(modules)
    assert modules.cache.trim() == 0
    assert len(cached(tmp_path)) == 3


def test_what_was_not_used_longest_goes_with_its_files(modules: GoModules, tmp_path: Path) -> None:
    fill(modules)
    modules.cache.used(cached(tmp_path)[0])  # !one, which was the oldest
    folder = tmp_path / "modules" / "modules"
    assert ModuleCache(folder, 4_000_000).trim() == 2
    assert [file.parent.parent.name for file in cached(tmp_path)] == ["!one"]
    assert (folder / "example.com" / "!one@v1.0.0").is_dir()
    assert not (folder / "example.com" / "two@v1.0.0").exists()
    assert not (folder / "example.com" / "three" / "v2@v2.0.0-!r!c.1").exists()


def test_what_was_removed_is_downloaded_again(modules: GoModules, tmp_path: Path) -> None:
    fill(modules)
    ModuleCache(tmp_path / "modules" / "modules", 0).trim()
    assert cached(tmp_path) == []
    found = modules.download(PATHS[0], VERSIONS[0], 20)
    folder = tmp_path / "source"
    folder.mkdir()
    pin = Pin(version=VERSIONS[0], h1=found.h1)
    ModuleFetcher(modules, 20, 10_000_000).fetch(ModuleSource(PATHS[0]), pin, folder, print)
    assert (folder / "main.go").exists()


def test_a_version_that_a_go_command_is_at_is_waited_for(
    modules: GoModules, tmp_path: Path
) -> None:
    found = modules.download(PATHS[1], VERSIONS[1], 20)
    cache = ModuleCache(tmp_path / "modules" / "modules", 0)
    with found.zip.with_suffix(".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=cache.trim)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert found.zip.exists()
    thread.join(10)
    assert not found.zip.exists()


def test_it_is_looked_after_now_and_then(modules: GoModules, tmp_path: Path) -> None:
    fill(modules)
    times = iter([0.0, 30.0, 61.0, 61.0, 62.0])
    cache = ModuleCache(tmp_path / "modules" / "modules", 0, clock=lambda: next(times))
    cache.used(tmp_path / "gone.zip")
    assert len(cached(tmp_path)) == 3
    cache.used(tmp_path / "gone.zip")
    assert cached(tmp_path) == []
    cache.used(tmp_path / "gone.zip")
