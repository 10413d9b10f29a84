"""A vendor folder that go did not fill: it is neither deleted nor taken for modules."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.component import DetectContext
from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.go_mod_vendor import vendor_volume
from gobp.buildpack.go_mod_vendor.build import build
from gobp.buildpack.go_mod_vendor.commands import fetch_argv, fetch_environment
from gobp.system.process import Captured
from tests.fakes.a_build import a_build
from tests.fakes.memory_tree import MemoryTree
from tests.fakes.scripted_commands import ScriptedCommands

MODULE = {"go.mod": "module example.com/a\n", "main.go": "package main\n"}


@pytest.mark.parametrize(
    ("more", "argv"),
    [
        ({}, ("go", "mod", "vendor")),
        ({"go.work": "use .\n"}, ("go", "work", "vendor")),
        ({"vendor/jquery.js": ""}, ("go", "mod", "download")),
    ],
)
def test_modules_are_vendored_unless_that_would_delete_files(
    more: dict[str, str], argv: tuple[str, ...]
) -> None:
    assert fetch_argv(read_layout(MemoryTree({**MODULE, **more}), {})) == argv


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"vendor/modules.txt": ""}, "-mod=vendor"),
        ({"vendor/jquery.js": ""}, "-mod=readonly"),
    ],
)
def test_go_reads_the_folder_only_where_it_filled_it(more: dict[str, str], flag: str) -> None:
    config = read_config(DetectContext(MemoryTree({**MODULE, **more}), {}))

    assert config.flags[0] == flag


def test_go_fetches_many_modules_at_a_time_unless_the_user_says_how_many() -> None:
    assert fetch_environment({}) == {"GOMAXPROCS": "16"}
    assert fetch_environment({"GOMAXPROCS": "1"}) == {}


def a_go(root: Path) -> dict[str, str]:
    """Put a program go with its version on the PATH of an environment."""
    (root / "go/bin").mkdir(parents=True)
    (root / "go/bin/go").touch(mode=0o755)
    (root / "go/VERSION").write_text("go1.99.0\ntime 2026-01-01T00:00:00Z\n")
    return {"PATH": str(root / "go/bin")}


def test_a_go_that_completes_go_sum_leaves_no_folder_to_reuse(tmp_path: Path) -> None:
    def vendor(_: tuple[str, ...], __: Mapping[str, str]) -> None:
        (tmp_path / "app/go.sum").write_text("completed\n")

    commands = ScriptedCommands({("go", "mod", "vendor"): Captured(0, "", "")}, effect=vendor)

    build(a_build(tmp_path, files=MODULE, env=a_go(tmp_path), commands=commands).context)

    assert not (tmp_path / "layers/vendor.toml").exists()


def test_what_go_unpacks_is_no_part_of_the_cached_layer(tmp_path: Path) -> None:
    def vendor(_: tuple[str, ...], env: Mapping[str, str]) -> None:
        downloads = Path(env["GOMODCACHE"], "cache/download/example.com/m/@v")
        downloads.mkdir(parents=True)
        for kind in ("mod", "zip", "ziphash", "lock"):
            (downloads / f"v1.0.0.{kind}").touch()
        (downloads / "v2.0.0.zip").touch()  # fetched ahead, and go did not need it
        Path(env["GOMODCACHE"], "example.com/m@v1.0.0").mkdir(parents=True)
        Path(env["GOMODCACHE"], "cache/vcs").mkdir()

    commands = ScriptedCommands({("go", "mod", "vendor"): Captured(0, "", "")}, effect=vendor)
    go_sum = "".join(f"example.com/m {version}/go.mod h1:x=\n" for version in ("v1.0.0", "v2.0.0"))
    made = a_build(tmp_path, files={**MODULE, "go.sum": go_sum}, commands=commands)

    build(made.context)
    unpacked = (tmp_path / "layers/mod-cache/example.com/m@v1.0.0").is_dir()
    made.context.session.close()

    layer = tmp_path / "layers/mod-cache"
    assert unpacked  # as long as other components may read it
    assert sorted(str(path.relative_to(layer)) for path in layer.rglob("*") if path.is_file()) == [
        *(f"cache/download/example.com/m/@v/v1.0.0.{kind}" for kind in ("mod", "zip", "ziphash")),
        "env.build/GOMODCACHE.override",
    ]
    assert not (layer / "example.com").exists()
    assert 'content = "4 files' in (tmp_path / "layers/mod-cache.toml").read_text()


@pytest.mark.parametrize(
    ("flags", "names"),
    [("", ["v1.1.0.mod"]), ("-modfile=other.mod", ["v1.0.0.mod", "v1.1.0.mod"])],
)
def test_what_go_sum_no_longer_names_is_not_cached(
    flags: str, names: list[str], tmp_path: Path
) -> None:
    def vendor(_: tuple[str, ...], env: Mapping[str, str]) -> None:
        for version in ("v1.0.0", "v1.1.0"):
            file = Path(env["GOMODCACHE"], f"cache/download/example.com/!m/@v/{version}.mod")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()

    commands = ScriptedCommands({("go", "mod", "vendor"): Captured(0, "", "")}, effect=vendor)
    files = {**MODULE, "go.sum": "example.com/M v1.1.0/go.mod h1:x=\n"}
    made = a_build(
        tmp_path, files=files, env={**a_go(tmp_path), "GOFLAGS": flags}, commands=commands
    )

    build(made.context)
    (tmp_path / "app/go.sum").unlink()  # as the app's source is removed in the end
    made.context.session.close()

    cached = (tmp_path / "layers/mod-cache/cache").rglob("*.mod")
    assert sorted(path.name for path in cached) == names


def a_folder(root: Path) -> Path:
    (root / "vendor/a").mkdir(parents=True)
    (root / "vendor/a/a.go").write_text("package a\n")
    (root / "vendor/a/run.sh").write_text("true\n")
    (root / "vendor/a/run.sh").chmod(0o755)
    return root / "vendor"


def test_a_folder_of_a_volume_comes_back_by_links(tmp_path: Path) -> None:
    store, vendor, back = tmp_path / "store", a_folder(tmp_path), tmp_path / "back"
    vendor_volume.save(store, "key", vendor)

    assert vendor_volume.restore(store, "key", back)

    assert (back / "a/a.go").stat().st_ino == (store / "key/a/a.go").stat().st_ino
    assert stat.S_IMODE((back / "a/run.sh").stat().st_mode) == 0o755
    assert [path.name for path in store.iterdir()] == ["key"]


def test_of_two_builds_that_save_a_folder_the_first_wins(tmp_path: Path) -> None:
    store = tmp_path / "store"
    vendor_volume.save(store, "key", a_folder(tmp_path))
    inode = (store / "key/a/a.go").stat().st_ino

    vendor_volume.save(store, "key", a_folder(tmp_path / "other"))

    assert (store / "key/a/a.go").stat().st_ino == inode
    assert [path.name for path in store.iterdir()] == ["key"]


def test_a_folder_that_is_not_as_it_was_saved_is_removed(tmp_path: Path) -> None:
    store, back = tmp_path / "store", tmp_path / "back"
    vendor_volume.save(store, "key", a_folder(tmp_path))
    with (store / "key/a/run.sh").open("a") as file:
        file.write("false\n")

    assert not vendor_volume.restore(store, "key", back)

    assert not back.exists()
    assert [*store.iterdir()] == []


def test_the_folders_used_last_stay(tmp_path: Path) -> None:
    store, vendor = tmp_path / "store", a_folder(tmp_path)
    for number in range(vendor_volume.MOST_FOLDERS):
        vendor_volume.save(store, str(number), vendor)
        os.utime(store / str(number), (number, number))
    vendor_volume.restore(store, "0", tmp_path / "back")

    vendor_volume.save(store, "new", vendor)

    names = {path.name for path in store.iterdir()}
    assert len(names) == vendor_volume.MOST_FOLDERS
    assert {"0", "new"} <= names
    assert "1" not in names
