import hashlib
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobp.golang.dirhash import hash1
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.sources.source import UnavailableError
from gobp.modproxy.tree import zip_check
from gobp.modproxy.tree.zip_check import read_zip_hash, zip_hash

FILE = ModuleFile("example.com/m", "v1.0.0", Kind.ZIP)
PREFIX = "example.com/m@v1.0.0/"


def make_zip(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def problem_of(path: Path) -> str:
    with pytest.raises(UnavailableError) as caught:
        zip_hash(path, FILE)
    assert caught.value.status == 502
    assert "example.com/m@v1.0.0" in caught.value.text
    return caught.value.text


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_hashed_as_go_does(tmp_path: Path, method: int) -> None:
    files = {PREFIX + "go.mod": b"module example.com/m\n", PREFIX + "é.txt": b"x" * 3_000_000}

    path = make_zip(tmp_path / "zip", files, method)

    expected = hash1((name, hashlib.sha256(data).hexdigest()) for name, data in files.items())
    assert zip_hash(path, FILE) == read_zip_hash(path, FILE) == expected


def test_the_entry_that_breaks_a_rule_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "zip", {PREFIX + "sub/go.mod": b""})

    assert "sub/go.mod" in problem_of(path)
    assert read_zip_hash(path, FILE).startswith("h1:")


@pytest.mark.parametrize("declared", [9_999, 10_001])
def test_a_file_that_is_not_of_its_declared_size_is_refused(tmp_path: Path, declared: int) -> None:
    path = make_zip(tmp_path / "zip", {PREFIX + "a.go": b"a" * 10_000})
    content = path.read_bytes().replace(struct.pack("<L", 10_000), struct.pack("<L", declared))
    path.write_bytes(content)

    assert "size" in problem_of(path)


def test_a_file_that_hides_its_size_behind_a_right_checksum_is_refused(tmp_path: Path) -> None:
    whole = make_zip(tmp_path / "whole", {PREFIX + "a.go": b"a" * 10_000}).read_bytes()
    with zipfile.ZipFile(make_zip(tmp_path / "part", {PREFIX + "a.go": b"a" * 10})) as part:
        checksum = part.infolist()[0].CRC
    with zipfile.ZipFile(tmp_path / "whole") as archive:
        real = archive.infolist()[0].CRC
    forged = whole.replace(struct.pack("<L", real), struct.pack("<L", checksum))
    (tmp_path / "zip").write_bytes(forged.replace(struct.pack("<L", 10_000), struct.pack("<L", 10)))

    assert "a.go" in problem_of(tmp_path / "zip") or "CRC" in problem_of(tmp_path / "zip")


def test_contents_that_were_damaged_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "zip", {PREFIX + "a.go": b"package a\n" * 100}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"package a", b"package b", 1))

    assert "CRC" in problem_of(path)


def test_a_list_of_entries_without_end_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_check, "_MOST_READ", 1000)
    path = make_zip(tmp_path / "zip", {f"{PREFIX}{number}.go": b"" for number in range(100)})

    assert "too many entries" in problem_of(path)


def test_files_that_would_fill_the_disk_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "zip", {PREFIX + "a": b"a" * 99_999})
    content = path.read_bytes().replace(struct.pack("<L", 99_999), struct.pack("<L", 1 << 30))
    path.write_bytes(content)

    assert "larger than" in problem_of(path)
    with pytest.raises(UnavailableError, match="larger than"):
        read_zip_hash(path, FILE)


def test_names_without_the_mark_of_utf_8_are_utf_8_all_the_same(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "zip", {PREFIX + "ab.go": b""})
    path.write_bytes(path.read_bytes().replace(b"ab.go", "é.go".encode()))

    sha256 = hashlib.sha256(b"").hexdigest()
    assert zip_hash(path, FILE) == hash1([(f"{PREFIX}é.go", sha256)])


def test_names_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "zip", {PREFIX + "ab.go": b""})
    path.write_bytes(path.read_bytes().replace(b"ab.go", b"\xff\xfe.go"))

    assert "utf-8" in problem_of(path)


def test_what_go_cannot_unpack_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "zip", {PREFIX + "a.go": b"a"}, zipfile.ZIP_BZIP2)

    assert "a.go is packed" in problem_of(path)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x05\x06"])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "zip").write_bytes(content)

    assert "not served" in problem_of(tmp_path / "zip")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_damage_anywhere_gives_the_same_hash_or_is_refused(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = make_zip(
        tmp_path / "zip", {PREFIX + "a.go": b"package a\n", PREFIX + "b/c.go": b"c" * 50}
    )
    right = zip_hash(path, FILE)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    try:
        found = zip_hash(path, FILE)
    except UnavailableError:
        return
    if found != right:  # only a name, which the rules allow, or an entry that is not listed now
        with zipfile.ZipFile(path) as archive:
            assert {"a.go", "b/c.go"} != {n.removeprefix(PREFIX) for n in archive.namelist()}
