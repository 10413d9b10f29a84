import fcntl
import os
from pathlib import Path
from threading import Barrier, Thread

import pytest

from gobp.buildservice.builds.order import Target
from gobp.buildservice.recipes.toolchains import Toolchain
from gobp.buildservice.recipes.warm_cache import MOST, WarmCaches, link_warm

TARGET = Target("linux", "arm", "7")
STUB = """#!/bin/sh
echo "$@ $GOOS/$GOARCH/$GOARM $GOFLAGS" >> "{log}"
mkdir "$GOCACHE/0a" "$GOCACHE/ff"
echo compiled > "$GOCACHE/0a/x-d"
echo 5 > "$GOCACHE/trim.txt"
exit {status}
"""


def stub_go(tmp_path: Path, *, status: int = 0) -> Toolchain:
    """Return a toolchain whose go writes down how it was called, and a cache of one file."""
    program = tmp_path / "goroot" / "bin" / "go"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(STUB.format(log=tmp_path / "log", status=status))
    program.chmod(0o755)
    return Toolchain("1.26.8", tmp_path / "goroot")


def caches(tmp_path: Path) -> WarmCaches:
    return WarmCaches(tmp_path / "warm", {"PATH": os.environ["PATH"]})


def test_the_standard_library_is_compiled_once_for_a_go_and_a_target(tmp_path: Path) -> None:
    go, said = stub_go(tmp_path), list[str]()

    for target in (TARGET, TARGET, Target("linux", "arm")):
        with caches(tmp_path).lent(go, target, said.append) as warm:
            assert warm is not None
            assert (warm / "0a" / "x-d").read_text() == "compiled\n"

    assert (tmp_path / "log").read_text().splitlines() == [
        "build std linux/arm/7 -trimpath -buildvcs=false -modcacherw",
        "build std linux/arm/ -trimpath -buildvcs=false -modcacherw",
    ]
    assert len(said) == 2


def test_of_several_builds_at_the_same_time_one_compiles_it(tmp_path: Path) -> None:
    go, together = stub_go(tmp_path), Barrier(5)

    def build() -> None:
        together.wait()
        with caches(tmp_path).lent(go, TARGET, print) as warm:
            assert warm is not None

    threads = [Thread(target=build) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_packages_that_do_not_compile_do_not_keep_the_others_from_use(tmp_path: Path) -> None:
    with caches(tmp_path).lent(stub_go(tmp_path, status=1), TARGET, print) as warm:
        assert warm is not None


def test_a_half_made_cache_of_a_killed_process_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "warm" / "go1.26.8-linux-arm-7.new" / "0a").mkdir(parents=True)

    with caches(tmp_path).lent(stub_go(tmp_path), TARGET, print) as warm:
        assert warm is not None
        assert warm.name == "go1.26.8-linux-arm-7"


def test_caches_that_were_not_used_for_long_go_but_not_while_a_build_has_them(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "warm"
    for number in range(MOST + 2):
        (folder / f"old{number:02}").mkdir(parents=True)
        os.utime(folder / f"old{number:02}", (number, number))

    with (folder / "old00.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        with caches(tmp_path).lent(stub_go(tmp_path), TARGET, print):
            pass

    left = sorted(path.name for path in folder.iterdir() if path.is_dir())
    assert left[:2] == ["go1.26.8-linux-arm-7", "old00"]
    assert left[2] == "old03"
    assert len(left) == MOST + 1


def test_a_build_gets_folders_of_its_own_with_links_into_the_warm_cache(tmp_path: Path) -> None:
    with caches(tmp_path).lent(stub_go(tmp_path), TARGET, print) as warm:
        assert warm is not None
        link_warm(warm, tmp_path / "cache", "/warm")

    assert str((tmp_path / "cache" / "0a" / "x-d").readlink()) == "/warm/0a/x-d"
    assert (tmp_path / "cache" / "ff").is_dir()
    assert not (tmp_path / "cache" / "trim.txt").is_symlink()
    assert int((tmp_path / "cache" / "trim.txt").read_text()) > 5


def test_a_go_that_cannot_be_started_is_an_error_that_is_seen(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError),
        caches(tmp_path).lent(Toolchain("1.26.8", tmp_path), TARGET, print),
    ):
        pass
