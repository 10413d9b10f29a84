"""The compile cache of a first build, from the package."""

import hashlib
from pathlib import Path

import pytest

from gobp.buildpack.go.compile_seed import plant_seed
from gobp.errors import UserError
from gobp.system import packed
from gobp.system.process import Captured
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.scripted_commands import ScriptedCommands

ENTRY = f"ab/ab{'0' * 62}-d"
GO = ("go", "env", "GOVERSION", "GOROOT", "GOPROXY")


def archive(root: Path) -> bytes:
    """Return a seed of one entry."""
    (root / "compiled" / ENTRY).parent.mkdir(parents=True)
    (root / "compiled" / ENTRY).write_text("compiled")
    packed.pack(root / "compiled", root / "seed.tar.zst", [ENTRY])
    return (root / "seed.tar.zst").read_bytes()


def offline_build(
    root: Path, seed: bytes, *, version: str = "1.26.8", buildmode: str = "pie", static: str = ""
) -> tuple[ABuild, ScriptedCommands]:
    """Return a build with Go 1.26.8 and a package that has this seed."""
    entry = {
        "id": f"go-std-{buildmode}",
        "version": version,
        "arch": "amd64",
        "uri": "file:///dependencies/seed.tar.zst",
        "checksum": f"sha256:{hashlib.sha256(seed).hexdigest()}",
    }
    url = f"file://{root / 'buildpack'}/dependencies/seed.tar.zst"
    commands = ScriptedCommands({GO: Captured(0, "go1.26.8\n/go\n\n", "")})
    (root / "layers").mkdir()
    build = a_build(
        root,
        env={"BP_GO_STATIC": static},
        metadata={"dependencies": [entry]},
        commands=commands,
        fetcher=MemoryFetcher({url: seed}),
    )
    return build, commands


def planted(build: ABuild, root: Path) -> list[str]:
    cache = root / "cache"
    cache.mkdir()
    plant_seed(build.context, cache)
    return sorted(path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file())


def test_the_compiled_library_of_this_go_is_unpacked(tmp_path: Path) -> None:
    build, _ = offline_build(tmp_path, archive(tmp_path))

    assert planted(build, tmp_path) == [ENTRY]
    assert "Starting from the compiled standard library of Go 1.26.8" in build.said.getvalue()
    assert list((tmp_path / "layers").iterdir()) == []


def test_static_programs_have_a_library_of_their_own(tmp_path: Path) -> None:
    build, _ = offline_build(tmp_path, archive(tmp_path), buildmode="exe", static="true")

    assert planted(build, tmp_path) == [ENTRY]


@pytest.mark.parametrize(("version", "buildmode"), [("1.25.1", "pie"), ("1.26.8", "exe")])
def test_one_for_another_go_or_mode_is_left_alone(
    tmp_path: Path, version: str, buildmode: str
) -> None:
    build, _ = offline_build(tmp_path, archive(tmp_path), version=version, buildmode=buildmode)

    assert planted(build, tmp_path) == []


def test_without_one_go_is_not_even_asked(tmp_path: Path) -> None:
    build = a_build(tmp_path, commands=ScriptedCommands({}))

    assert planted(build, tmp_path) == []


def test_a_damaged_package_is_refused(tmp_path: Path) -> None:
    build, _ = offline_build(tmp_path, archive(tmp_path)[:-20])

    with pytest.raises(UserError, match="not a whole archive"):
        planted(build, tmp_path)
