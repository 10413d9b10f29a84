"""gobp.system.archive: nothing leaves its folder, nothing is unbounded, broken is said."""

import io
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.system import archive
from gobp.system.archive import extract_tar, extract_zip, inside


def everything(name: str) -> str | None:
    return name


def never(_: str) -> bool:
    return False


def tar_of(path: Path, entries: Iterable[tuple[str, bytes]], *, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload] # the mode is a parameter
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def links(path: Path, pairs: Iterable[tuple[str, str]], *, kind: bytes = tarfile.SYMTYPE) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, points_to in pairs:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, points_to
            tar.addfile(info)
    return path


def zip_of(path: Path, entries: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in entries:
            zipped.writestr(name, content)
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_a_tar_is_extracted_whatever_its_compression(tmp_path: Path, mode: str) -> None:
    made = tar_of(
        tmp_path / "a.tar", [("go/bin/go", b"program"), ("go/README", b"text")], mode=mode
    )

    sums = extract_tar(made, tmp_path / "out", everything)

    assert (tmp_path / "out/go/bin/go").read_bytes() == b"program"
    assert sums == {
        "go/bin/go": sha256(b"program").hexdigest(),
        "go/README": sha256(b"text").hexdigest(),
    }


def test_what_is_not_kept_is_summed_but_not_written(tmp_path: Path) -> None:
    entries = [("a", b"1"), ("b", b"2")]
    made_tar, made_zip = tar_of(tmp_path / "t", entries), zip_of(tmp_path / "z", entries)

    only_b = lambda name: "renamed" if name == "b" else None  # noqa: E731 # a test's own rule
    from_tar = extract_tar(made_tar, tmp_path / "from-tar", only_b)
    from_zip = extract_zip(made_zip, tmp_path / "from-zip", only_b, never)

    assert from_tar == from_zip
    assert set(from_tar) == {"a", "b"}
    for folder in ("from-tar", "from-zip"):
        assert [path.name for path in (tmp_path / folder).iterdir()] == ["renamed"]


def test_programs_of_a_tar_stay_programs_and_other_bits_of_its_modes_go(tmp_path: Path) -> None:
    made = tmp_path / "a.tar"
    with tarfile.open(made, "w") as tar:
        for name, mode in (("program", 0o4755), ("text", 0o666)):
            info = tarfile.TarInfo(name)
            info.mode = mode
            tar.addfile(info, io.BytesIO())

    extract_tar(made, tmp_path / "out", everything)

    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "out").iterdir()}
    assert modes["program"] == 0o755
    assert modes["text"] & 0o6111 == 0


def test_programs_of_a_zip_are_those_that_the_caller_names(tmp_path: Path) -> None:
    made = zip_of(tmp_path / "a.zip", [("bin/go", b""), ("src/go", b"")])

    extract_zip(made, tmp_path / "out", everything, lambda path: path.startswith("bin/"))

    assert os.access(tmp_path / "out/bin/go", os.X_OK)
    assert not (tmp_path / "out/src/go").stat().st_mode & 0o111


def test_every_file_is_old_so_that_go_remembers_what_is_in_its_folder(tmp_path: Path) -> None:
    entries = [("bin/go", b"1"), ("src/go", b"2")]

    extract_tar(tar_of(tmp_path / "t", entries), tmp_path / "from-tar", everything)
    extract_zip(zip_of(tmp_path / "z", entries), tmp_path / "from-zip", everything, never)

    files = [path for path in tmp_path.glob("from-*/*/go") if path.is_file()]
    assert [path.stat().st_mtime for path in files] == [archive.OLD] * 4


OUTSIDE = ["../evil", "/etc/evil", "a/../../evil", "a/..", "..", "/", "a\0b"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="outside its folder"):
        inside(tmp_path, name)


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_archives_with_names_that_lead_out_write_nothing_there(tmp_path: Path, name: str) -> None:
    made_tar, made_zip = tar_of(tmp_path / "t", [(name, b"x")]), tmp_path / "z"
    zip_of(made_zip, [(name, b"x")])

    with pytest.raises(UserError, match="outside its folder"):
        extract_tar(made_tar, tmp_path / "deep/out", everything)
    with pytest.raises(UserError, match="outside its folder"):
        extract_zip(made_zip, tmp_path / "deep/out", everything, never)

    assert not [*tmp_path.rglob("evil")]


@given(st.text("./ab\0\\", min_size=1, max_size=12))
def test_a_path_is_inside_or_refused(path: str) -> None:
    root = Path("/root/of/archive")
    try:
        where = inside(root, path)
    except UserError:
        return
    assert Path(os.path.normpath(where)).is_relative_to(root)
    assert where != root


ESCAPING_LINKS = {
    "absolute": [("a", "/etc/passwd")],
    "upwards": [("a", "../secret")],
    "upwards from below": [("x/a", "../../secret")],
    "through a link that leads up within": [("a/b/up", "../.."), ("a/b/out", "up/..")],
    "through a link that comes later": [("out", "up/.."), ("up", ".")],
    "as a folder for another link": [("out", "up/.."), ("up", "."), ("out/evil", "out/x")],
}


@pytest.mark.parametrize("pairs", ESCAPING_LINKS.values(), ids=ESCAPING_LINKS)
def test_a_link_that_leads_out_is_refused_and_none_is_made_outside(
    tmp_path: Path, pairs: list[tuple[str, str]]
) -> None:
    made = links(tmp_path / "a.tar", pairs)
    out = tmp_path / "deep/out"

    with pytest.raises(UserError, match=r"a\.tar has a link that leaves its folder"):
        extract_tar(made, out, everything)

    assert [p for p in tmp_path.rglob("*") if p.is_symlink() and not p.is_relative_to(out)] == []


def test_links_within_the_folder_are_made_and_a_loop_of_them_does_no_harm(tmp_path: Path) -> None:
    made = links(tmp_path / "a.tar", [("bin/go", "../sdk/go"), ("a", "b"), ("b", "a")])

    extract_tar(made, tmp_path / "out", everything)

    assert (tmp_path / "out/bin/go").readlink() == Path("../sdk/go")


def test_no_file_is_written_through_a_link_of_the_archive(tmp_path: Path) -> None:
    made = tmp_path / "a.tar"
    with tarfile.open(made, "w") as tar:
        link = tarfile.TarInfo("etc")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        tar.addfile(link)
        file = tarfile.TarInfo("etc/evil")
        tar.addfile(file, io.BytesIO())

    with pytest.raises(UserError):
        extract_tar(made, tmp_path / "out", everything)

    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_hard_links_and_devices_are_left_out(tmp_path: Path, kind: bytes) -> None:
    made = links(tmp_path / "a.tar", [("device", "/etc/passwd")], kind=kind)

    assert extract_tar(made, tmp_path / "out", everything) == {}
    assert not (tmp_path / "out").exists()


CLASHES = {
    "a name that is there twice": [("a", b"1"), ("a", b"2")],
    "a file below a file": [("a", b"1"), ("a/b", b"2")],
    "a name that is too long": [("x" * 300, b"1")],
}


@pytest.mark.parametrize("entries", CLASHES.values(), ids=CLASHES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_cannot_be_are_the_archives_fault(
    tmp_path: Path, entries: list[tuple[str, bytes]]
) -> None:
    made_tar, made_zip = tar_of(tmp_path / "t", entries), zip_of(tmp_path / "z", entries)

    with pytest.raises(UserError, match="t is not a whole archive"):
        extract_tar(made_tar, tmp_path / "out-tar", everything)
    with pytest.raises(UserError, match="z is not a whole archive"):
        extract_zip(made_zip, tmp_path / "out-zip", everything, never)


def test_too_many_entries_end_the_extraction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "ENTRY_LIMIT", 2)
    entries = [(name, b"") for name in "abc"]
    made_tar, made_zip = tar_of(tmp_path / "t", entries), zip_of(tmp_path / "z", entries)

    with pytest.raises(UserError, match="more than 2 files"):
        extract_tar(made_tar, tmp_path / "out", everything)
    with pytest.raises(UserError, match="more than 2 files"):
        extract_zip(made_zip, tmp_path / "out-zip", everything, never)

    assert not (tmp_path / "out/c").exists()
    assert not (tmp_path / "out-zip").exists()


def test_a_bomb_ends_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SIZE_LIMIT", 1000)
    bomb = [("zeros", bytes(1001))]

    with pytest.raises(UserError, match="an archive holds more"):
        extract_tar(tar_of(tmp_path / "t", bomb), tmp_path / "out", everything)
    with pytest.raises(UserError, match="an archive holds more"):
        extract_zip(zip_of(tmp_path / "z", bomb), tmp_path / "out", everything, never)

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_a_tar_that_ends_early_is_said_to_be_broken(tmp_path: Path, mode: str) -> None:
    made = tar_of(tmp_path / "a.tar", [("a", os.urandom(50_000))], mode=mode)
    made.write_bytes(made.read_bytes()[:30_000])

    with pytest.raises(UserError, match=r"a\.tar is not a whole archive"):
        extract_tar(made, tmp_path / "out", everything)


# Not gzip: its checksum is at the end, where tar does not look; callers check the sums of files.
@pytest.mark.parametrize("mode", ["w:xz", "w:bz2"])
def test_a_tar_with_wrong_bytes_within_is_said_to_be_broken(tmp_path: Path, mode: str) -> None:
    made = tar_of(tmp_path / "a.tar", [("a", os.urandom(50_000))], mode=mode)
    data = bytearray(made.read_bytes())
    data[20_000:24_000] = bytes(4000)
    made.write_bytes(data)

    with pytest.raises(UserError, match="is not a whole archive"):
        extract_tar(made, tmp_path / "out", everything)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", lzma.compress(b"no tar")])
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "download"
    file.write_bytes(content)

    with pytest.raises(UserError, match="not a whole archive"):
        extract_tar(file, tmp_path / "out", everything)
    with pytest.raises(UserError, match="not a whole archive"):
        extract_zip(file, tmp_path / "out", everything, never)


def test_a_zip_whose_bytes_changed_is_said_to_be_broken(tmp_path: Path) -> None:
    made = zip_of(tmp_path / "a.zip", [("a", b"go" * 1000)])
    data = bytearray(made.read_bytes())
    data[40] ^= 0xFF
    made.write_bytes(data)

    with pytest.raises(UserError, match=r"a\.zip is not a whole archive"):
        extract_zip(made, tmp_path / "out", everything, never)


def _small_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("ä/" + "long" * 30)
        info.size, info.pax_headers = 3, {"comment": "x"}
        tar.addfile(info, io.BytesIO(b"abc"))
    return buffer.getvalue()


def _small_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("ä/b", b"abc")
        zipped.writestr("c", b"def")
    return buffer.getvalue()


damage = st.lists(
    st.tuples(st.integers(min_value=0, max_value=3000), st.integers(0, 255)), max_size=6
)
patient = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _damaged(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for position, value in changes:
        changed[position % len(changed)] = value
    return bytes(changed)


@patient
@given(changes=damage)
def test_a_damaged_tar_is_extracted_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("tar")
    (folder / "a").write_bytes(_damaged(_small_tar(), changes))
    try:
        extract_tar(folder / "a", folder / "out", everything)
    except UserError:
        return


@patient
@given(changes=damage)
@example(changes=[(547, 0)])  # an extra field that is shorter than it says
@example(changes=[(185, 1)])  # a place before the beginning
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_damaged_zip_is_extracted_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    (folder / "a").write_bytes(_damaged(_small_zip(), changes))
    try:
        extract_zip(folder / "a", folder / "out", everything, never)
    except UserError:
        return
