"""gobp.system.packed: what was packed comes back, the same bytes each time, and nothing else."""

import io
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.system import packed
from gobp.system.archive import OLD
from gobp.system.packed import files_of, pack, unpack

patient = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40
).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
contents = st.one_of(st.binary(max_size=2000), st.sampled_from([b"", b"x" * 512, bytes(70_000)]))


def folder_of(root: Path, files: Mapping[str, bytes]) -> Path:
    root.mkdir()
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def contents_of(root: Path) -> dict[str, bytes]:
    return {name: (root / name).read_bytes() for name in files_of(root)}


def fits(path: str, others: Mapping[str, object]) -> bool:
    """Tell whether no path is a folder of another, and no name is too long for Linux."""
    clash = any(f"{o}/".startswith(f"{path}/") or path.startswith(f"{o}/") for o in others)
    return not clash and all(len(os.fsencode(part)) <= 255 for part in path.split("/"))


@st.composite
def trees(draw: st.DrawFn) -> dict[str, bytes]:
    tree: dict[str, bytes] = {}
    for path, content in draw(st.lists(st.tuples(paths, contents), max_size=8)):
        if fits(path, tree):
            tree[path] = content
    return tree


def compressed(tar: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(tar)


def tar_of(*members: tuple[str, bytes], **attributes: object) -> bytes:
    """Return a tar of files, or of what the attributes of tarfile's members make of them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in attributes.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@patient
@given(tree=trees())
def test_what_was_packed_comes_back(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes]
) -> None:
    root = tmp_path_factory.mktemp("packed")
    source = folder_of(root / "in", tree)

    size = pack(source, root / "a.tar.zst", files_of(source))
    found = unpack(root / "a.tar.zst", root / "out") if tree else ()

    assert size == (root / "a.tar.zst").stat().st_size
    assert sorted(found) == sorted(tree)
    assert not tree or contents_of(root / "out") == tree


@pytest.mark.parametrize("length", [99, 100, 101, 255, 1000])
def test_names_and_links_of_any_length_come_back(tmp_path: Path, length: int) -> None:
    name = "/".join(["d" * 50] * (length // 51) + ["f" * (length % 51 or 1)])
    source = folder_of(tmp_path / "in", {name: b"content"})
    (source / "link").symlink_to(name)

    pack(source, tmp_path / "a", files_of(source))
    found = unpack(tmp_path / "a", tmp_path / "out")

    assert (set(found), (tmp_path / "out/link").read_bytes()) == ({name, "link"}, b"content")
    assert str((tmp_path / "out/link").readlink()) == name


def test_a_name_that_is_not_utf8_comes_back(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {os.fsdecode(b"caf\xe9"): b"1"})

    pack(source, tmp_path / "a", files_of(source))
    unpack(tmp_path / "a", tmp_path / "out")

    assert os.listdir(os.fsencode(tmp_path / "out")) == [b"caf\xe9"]  # noqa: PTH208 # bytes


def test_the_same_files_give_the_same_bytes_whenever_and_wherever_they_are_packed(
    tmp_path: Path,
) -> None:
    large = os.urandom(3_000_000) * 2  # more than one job of a thread
    first = folder_of(tmp_path / "first", {"b": b"1", "a/c": large, "a/x": b"#!"})
    second = folder_of(tmp_path / "second", {"a/x": b"#!", "a/c": large, "b": b"1"})
    for root, mode, time in ((first, 0o744, 1), (second, 0o775, 2)):
        (root / "a/x").chmod(mode)
        os.utime(root / "a/c", (time, time))
    (second / "b").chmod(0o664)

    pack(first, tmp_path / "1", ["b", "a/c", "a/x"])
    pack(second, tmp_path / "2", ["a/x", "b", "a/c"])

    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_the_same_files_give_the_same_bytes_on_any_number_of_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder_of(tmp_path / "in", {"a": os.urandom(3_000_000) * 3, "b": bytes(5_000_000)})
    archives = []

    for cores in (None, 1, 2, 64):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        pack(source, tmp_path / "a", files_of(source))
        archives.append((tmp_path / "a").read_bytes())

    assert archives == [archives[0]] * 4


def test_what_was_unpacked_is_packed_to_the_same_bytes(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"a": b"1", "bin/go": b"program"})
    (source / "bin/go").chmod(0o775)

    pack(source, tmp_path / "1", files_of(source))
    unpack(tmp_path / "1", tmp_path / "out")
    pack(tmp_path / "out", tmp_path / "2", files_of(tmp_path / "out"))

    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_programs_stay_programs_and_no_other_bit_of_a_mode_is_kept(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"program": b"", "text": b""})
    (source / "program").chmod(0o4700)
    (source / "text").chmod(0o600)

    pack(source, tmp_path / "a", files_of(source))
    unpack(tmp_path / "a", tmp_path / "out")

    umask = os.umask(0)
    os.umask(umask)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "out").iterdir()}
    assert modes == {"program": 0o755 & ~umask, "text": 0o644 & ~umask}


def test_every_file_is_old_whatever_it_was(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"a": b"1", "b/c": b"2"})

    pack(source, tmp_path / "a", files_of(source))
    names = unpack(tmp_path / "a", tmp_path / "out")

    assert {(tmp_path / "out" / name).stat().st_mtime for name in names} == {OLD}


def test_only_the_files_that_are_named_are_packed(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"a": b"1", "b": b"2"})

    pack(source, tmp_path / "a", ["b"])

    assert unpack(tmp_path / "a", tmp_path / "out") == ("b",)


@pytest.mark.skipif(not shutil.which("zstd"), reason="zstd is not installed")
def test_others_can_read_it(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"a": b"1", "long" * 40: b"2"})
    (source / "link").symlink_to("a")
    pack(source, tmp_path / "a.tar.zst", files_of(source))
    (tmp_path / "out").mkdir()

    subprocess.run(
        ["tar", "--zstd", "-xf", tmp_path / "a.tar.zst", "-C", tmp_path / "out"], check=True
    )

    assert contents_of(tmp_path / "out") == contents_of(source)
    assert (tmp_path / "out/link").readlink() == Path("a")


def test_an_archive_that_was_there_stays_where_packing_fails(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    with pytest.raises(FileNotFoundError):
        pack(tmp_path, tmp_path / "a", ["is not there"])

    assert contents_of(tmp_path) == {"a": b"old"}


NOT_WHOLE = {
    "empty": b"",
    "no zstd": b"<html>",
    "no tar": compressed(b"x" * 2000),
    "an end without a mark": compressed(tar_of(("a", b"1"))[:1024]),
    "half an end": compressed(tar_of(("a", b"1"))[:1536]),
    "an end without an end": compressed(tar_of(("a", b"1")) + bytes(20_000)),
    "more behind the end": compressed(tar_of(("a", b"1"))) + b"more",
    "a name that leads up": compressed(tar_of(("../evil", b"1"))),
    "an absolute name": compressed(tar_of(("/evil", b"1"))),
    "a name that is there twice": compressed(tar_of(("a", b"1"), ("a", b"2"))),
    "a file below a file": compressed(tar_of(("a", b"1"), ("a/b", b"2"))),
    "a hard link": compressed(tar_of(("a", b""), type=tarfile.LNKTYPE, linkname="evil")),
    "a device": compressed(tar_of(("a", b""), type=tarfile.CHRTYPE)),
    "a name without end": compressed(tar_of(("a", b"x" * 70_000), type=tarfile.GNUTYPE_LONGNAME)),
}


@pytest.mark.parametrize("data", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_what_is_no_whole_archive_is_said_to_be_none_and_how_to_go_on(
    tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "go.tar.zst").write_bytes(data)

    with pytest.raises(UserError, match=r"go\.tar\.zst is not a whole archive") as raised:
        unpack(tmp_path / "go.tar.zst", tmp_path / "deep/out")

    assert "--clear-cache" in raised.value.remedy
    assert not [*tmp_path.rglob("evil")]


@pytest.mark.parametrize("points_to", ["/etc/passwd", "../../secret", "../b/../../secret"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, points_to: str) -> None:
    made = tar_of(("a/link", b""), type=tarfile.SYMTYPE, linkname=points_to)
    (tmp_path / "a.tar.zst").write_bytes(compressed(made))

    with pytest.raises(UserError, match=r"a link that leaves its folder: a/link"):
        unpack(tmp_path / "a.tar.zst", tmp_path / "out")


def test_no_file_is_written_through_a_link(tmp_path: Path) -> None:
    link = tar_of(("etc", b""), type=tarfile.SYMTYPE, linkname="..")[:512]
    (tmp_path / "a").write_bytes(compressed(link + tar_of(("etc/evil", b"1"))))

    with pytest.raises(UserError, match="is not a whole archive"):
        unpack(tmp_path / "a", tmp_path / "out")

    assert (tmp_path / "out/etc/evil").read_bytes() == b"1"
    assert not (tmp_path / "evil").exists()


def test_an_archive_that_ends_early_anywhere_is_not_whole(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"a": os.urandom(3000), "b": b"2"})
    pack(source, tmp_path / "a", files_of(source))
    whole = (tmp_path / "a").read_bytes()

    for number, end in enumerate(range(0, len(whole) - 4, 97)):  # 4 bytes of checksum at the end
        (tmp_path / "a").write_bytes(whole[:end])
        with pytest.raises(UserError, match="not a whole archive"):
            unpack(tmp_path / "a", tmp_path / f"out{number}")


@patient
@given(position=st.integers(0, 10_000), value=st.integers(1, 255))
def test_one_wrong_byte_is_found_or_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    root = tmp_path_factory.mktemp("damaged")
    files = {"a": bytes(range(256)) * 4, "b/c": b"text"}
    source = folder_of(root / "in", files)
    pack(source, root / "a", files_of(source))
    data = bytearray((root / "a").read_bytes())
    data[position % len(data)] ^= value
    (root / "a").write_bytes(data)

    try:
        unpack(root / "a", root / "out")
    except UserError:
        return
    assert contents_of(root / "out") == files


@pytest.mark.parametrize(("name", "limit"), [("ENTRY_LIMIT", 2), ("SIZE_LIMIT", 1000)])
def test_an_archive_of_more_files_or_bytes_than_it_may_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    source = folder_of(tmp_path / "in", {"a": b"1", "b": bytes(1000), "c": b"3"})
    pack(source, tmp_path / "a", files_of(source))
    monkeypatch.setattr(packed, name, limit)

    with pytest.raises(UserError, match="it holds more than"):
        unpack(tmp_path / "a", tmp_path / "out")

    assert not (tmp_path / "out/c").exists()


def test_what_the_system_refuses_is_not_the_archives_fault(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {"a": b"1"})
    pack(source, tmp_path / "a", files_of(source))
    (tmp_path / "out").symlink_to("/proc/self/fd")  # where no file can be made

    with pytest.raises(OSError, match="out/a"):
        unpack(tmp_path / "a", tmp_path / "out")
