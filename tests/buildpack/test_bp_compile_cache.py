"""The compile cache that components share: opened once, kept once, as archives or in a volume."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.buildpack.go.compile_cache import (
    keep_compile_cache,
    open_compile_cache,
)
from gobp.buildpack.go.compile_layer import redeclare_compile_cache
from gobp.cnb import toml
from tests.fakes.a_build import ABuild, a_build

RELOADING = {"BP_LIVE_RELOAD_ENABLED": "true"}
LASTING = [f"{number:02x}-lasting" for number in range(16)]


def put(cache: str, name: str, content: str = "compiled" * 100) -> None:
    """Write an entry as go does: in the folder of its first byte, with the time of now."""
    path = Path(cache, name[:2], name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)


def names(cache: str) -> list[str]:
    return sorted(path.name for path in Path(cache).glob("??/*"))


class Builds:
    """Builds that follow each other; each compiles what it is told to, where it is not there."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root = root
        self.env = env
        self.found: list[str] = []
        self.last = a_build(root)

    def build(self, *used: str) -> None:
        self.last = a_build(self.root, env=self.env)
        cache = open_compile_cache(self.last.context)
        self.found = names(cache)
        for name in used:
            if name in self.found:
                os.utime(Path(cache, name[:2], name))
            else:
                put(cache, name)
        keep_compile_cache(self.last.context)

    @property
    def said(self) -> str:
        return self.last.said.getvalue()

    def archives(self) -> dict[str, bytes]:
        folder = self.root / "layers/gocache"
        return {path.name.partition(".")[0]: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    return Builds(tmp_path, {})


def test_what_any_component_used_is_kept(tmp_path: Path) -> None:
    first = a_build(tmp_path).context
    cache = open_compile_cache(first)
    for name in ("00-tested", "01-built", "02-unused"):
        put(cache, name)
    keep_compile_cache(first)
    context = a_build(tmp_path).context

    cache = open_compile_cache(context)
    os.utime(f"{cache}/00/00-tested")
    assert open_compile_cache(context) == cache  # go-build, after go-check
    os.utime(f"{cache}/01/01-built")
    keep_compile_cache(context)

    assert names(open_compile_cache(a_build(tmp_path).context)) == ["00-tested", "01-built"]


def test_it_is_cached_and_nothing_else(builds: Builds) -> None:
    builds.build(*LASTING)

    assert types_of(builds.root) == {"build": False, "cache": True, "launch": False}
    assert set(builds.archives()) == {"base"}


def types_of(root: Path) -> object:
    return toml.loads((root / "layers/gocache.toml").read_text(), source="gocache.toml")["types"]


def test_a_build_that_uses_the_same_leaves_every_byte_as_it_was(builds: Builds) -> None:
    builds.build(*LASTING, "ff-one")
    builds.build(*LASTING, "ff-two")
    before, metadata = builds.archives(), (builds.root / "layers/gocache.toml").read_bytes()
    moment = (builds.root / "layers/gocache/recent.tar.zst").stat().st_mtime_ns

    builds.build("ff-two", *reversed(LASTING))

    assert builds.archives() == before
    assert (builds.root / "layers/gocache.toml").read_bytes() == metadata
    assert (builds.root / "layers/gocache/recent.tar.zst").stat().st_mtime_ns == moment


def test_entries_that_go_reads_only_as_it_compiles_do_not_make_it_anew(builds: Builds) -> None:
    builds.build(*LASTING)
    edit = [f"f{number}-edited" for number in range(4)]
    builds.build(*LASTING, *edit[:3])
    builds.build(*LASTING, *edit)
    before = builds.archives()

    builds.build(*LASTING, *edit[1:])

    assert builds.archives() == before
    builds.build(*LASTING, *edit[3:])
    builds.build(*LASTING)
    assert builds.found == sorted([*LASTING, *edit[3:]])


def test_what_an_edit_adds_is_kept_apart_until_the_next_edit(builds: Builds) -> None:
    builds.build(*LASTING, "ff-one")
    base = builds.archives()["base"]

    builds.build(*LASTING, "ff-two")
    builds.build(*LASTING, "ff-three")

    assert builds.archives()["base"] == base
    builds.build(*LASTING, "ff-three")
    assert builds.found == sorted([*LASTING, "ff-one", "ff-three"])


def test_an_edit_that_is_taken_back_leaves_the_base_alone(builds: Builds) -> None:
    builds.build(*LASTING, "ff-one")
    first = builds.archives()
    builds.build(*LASTING, "ff-two")

    builds.build(*LASTING, "ff-one")

    assert builds.archives() == first


def test_a_quarter_that_is_new_makes_a_new_base(builds: Builds) -> None:
    builds.build(*LASTING)
    new = [f"{number:02x}-new" for number in range(5)]

    builds.build(*LASTING, *new)

    assert set(builds.archives()) == {"base"}
    builds.build()
    assert builds.found == sorted([*LASTING, *new])


def test_a_quarter_that_is_dead_makes_a_new_base(builds: Builds) -> None:
    builds.build(*LASTING)

    builds.build(*LASTING[5:])

    builds.build()
    assert builds.found == LASTING[5:]


def test_many_edits_do_not_let_the_layer_grow(builds: Builds) -> None:
    sizes = []
    for edit in range(20):
        builds.build(*LASTING, f"f{edit:02x}-edited")
        sizes.append(sum(len(content) for content in builds.archives().values()))

    assert max(sizes[2:]) == min(sizes[2:])


def entry(output: str, size: int) -> str:
    return f"v1 {'ee' * 32} {output} {size:20d} {1700000000000000000:20d}\n"


def test_what_go_notes_of_folders_is_not_kept_apart(builds: Builds) -> None:
    """It names the times of files, which a checkout does not keep."""
    builds.build(*LASTING)
    note, compiled = "dd" * 32, "cc" * 32
    context = a_build(builds.root).context
    cache = open_compile_cache(context)
    for name in LASTING:
        os.utime(Path(cache, name[:2], name))
    put(cache, f"{note}-d", "go index v2\n")
    put(cache, f"{'aa' * 32}-a", entry(note, 12))
    put(cache, f"{compiled}-d", "!<arch>")
    put(cache, f"{'bb' * 32}-a", entry(compiled, 7))

    keep_compile_cache(context)

    builds.build()
    assert builds.found == sorted([*LASTING, f"{compiled}-d", f"{'bb' * 32}-a"])


def test_what_an_entry_leads_to_is_kept_with_it(builds: Builds) -> None:
    """Go does not freshen a file that it finds there when it writes the same again."""
    builds.build(*LASTING)
    builds.build(*LASTING, f"{'cc' * 32}-d")
    context = a_build(builds.root).context
    cache = open_compile_cache(context)
    for name in LASTING:
        os.utime(Path(cache, name[:2], name))
    put(cache, f"{'bb' * 32}-a", entry("cc" * 32, 800))

    keep_compile_cache(context)

    builds.build()
    assert f"{'cc' * 32}-d" in builds.found


def test_programs_that_go_keeps_in_folders_go_when_they_are_not_used(tmp_path: Path) -> None:
    context = a_build(tmp_path).context
    cache = open_compile_cache(context)
    for name in ("00-d", "01-d"):
        Path(cache, name[:2], name).mkdir(parents=True)
        program = Path(cache, name[:2], name, "stringer")
        program.write_text("a program")
        program.chmod(0o755)
    keep_compile_cache(context)

    context = a_build(tmp_path).context
    os.utime(Path(open_compile_cache(context), "00/00-d"))
    keep_compile_cache(context)

    assert names(open_compile_cache(a_build(tmp_path).context)) == ["00-d"]
    assert os.access(Path(cache, "00/00-d/stringer"), os.X_OK)


@pytest.mark.parametrize("archive", ["base", "recent"])
def test_a_damaged_archive_begins_the_cache_anew_and_the_log_says_so(
    builds: Builds, archive: str
) -> None:
    builds.build(*LASTING, "ff-one")
    builds.build(*LASTING, "ff-two")
    path = builds.root / f"layers/gocache/{archive}.tar.zst"
    path.write_bytes(bytes(path.stat().st_size))

    builds.build(*LASTING)

    assert builds.found == []
    assert f"Not reusing the compile cache: {archive}.tar.zst is not" in builds.said
    builds.build()
    assert builds.found == LASTING


def test_a_cache_restored_half_is_begun_anew_and_the_log_says_why(builds: Builds) -> None:
    builds.build(*LASTING, "ff-one")
    builds.build(*LASTING, "ff-two")
    (builds.root / "layers/gocache/recent.tar.zst").unlink()

    builds.build()

    assert builds.found == []
    assert "Not reusing the compile cache: the restored files are not complete" in builds.said


def test_what_a_build_that_was_cut_left_behind_is_not_used(builds: Builds) -> None:
    builds.build(*LASTING)
    put(str(builds.root / "layers/.gocache"), "ee-cut")

    builds.build()

    assert builds.found == LASTING


def test_a_build_that_compiles_nothing_keeps_it_unopened(builds: Builds) -> None:
    builds.build(*LASTING)
    before, metadata = builds.archives(), (builds.root / "layers/gocache.toml").read_bytes()

    redeclare_compile_cache(a_build(builds.root).context)

    assert builds.archives() == before
    assert (builds.root / "layers/gocache.toml").read_bytes() == metadata


def test_a_build_that_compiles_nothing_declares_no_cache_that_was_not_restored(
    tmp_path: Path,
) -> None:
    made: ABuild = a_build(tmp_path)

    redeclare_compile_cache(made.context)

    assert made.context.layers.environments == ()
    assert not (tmp_path / "layers").exists()


class TestLiveReload:
    """The image rebuilds the app, so the layer holds the entries as go reads them."""

    def test_the_cache_is_in_the_image_without_what_was_not_used(self, tmp_path: Path) -> None:
        builds = Builds(tmp_path, RELOADING)
        builds.build("00-lasting", "01-first")

        builds.build("00-lasting", "02-second")

        assert types_of(tmp_path) == {"build": False, "cache": True, "launch": True}
        assert names(str(tmp_path / "layers/gocache")) == ["00-lasting", "02-second"]
        assert not (tmp_path / "layers/gocache/trim.txt").exists()

    def test_nothing_is_added_to_it_after_it_is_kept(self, tmp_path: Path) -> None:
        context = a_build(tmp_path, env=RELOADING).context
        cache = open_compile_cache(context)
        assert context.session.env["GOCACHE"] == cache

        keep_compile_cache(context)

        assert context.session.env["GOCACHE"] == ""

    def test_switching_it_begins_the_cache_anew(self, tmp_path: Path) -> None:
        Builds(tmp_path, {}).build(*LASTING)
        reloading = Builds(tmp_path, RELOADING)
        reloading.build(*LASTING)
        assert reloading.found == []

        packing = Builds(tmp_path, {})
        packing.build(*LASTING)

        assert packing.found == []
        assert "Not reusing the compile cache" in packing.said
        assert set(packing.archives()) == {"base"}


class TestVolume:
    def test_the_cache_is_a_folder_of_it_and_no_layer(self, tmp_path: Path) -> None:
        volume = tmp_path / "volume"
        volume.mkdir()
        builds = Builds(tmp_path, {"BP_GO_CACHE_VOLUME": str(volume)})
        builds.build("00-lasting", "01-first")

        builds.build("00-lasting")

        assert builds.found == ["00-lasting", "01-first"]  # go trims it by age
        assert names(str(volume / "gocache")) == builds.found
        assert not (tmp_path / "layers").exists()

    def test_a_build_that_compiles_nothing_leaves_it_alone(self, tmp_path: Path) -> None:
        redeclare_compile_cache(
            a_build(tmp_path, env={"BP_GO_CACHE_VOLUME": str(tmp_path)}).context
        )

        assert not (tmp_path / "layers").exists()
