"""gobp.system.zip_entries: the content that zipfile would read, or an error."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobp.system.zip_entries import read_entry


def made(path: Path, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    with zipfile.ZipFile(path, "w", compression) as zipped:
        zipped.comment = b"more"
        zipped.writestr("first", b"before it")
        zipped.writestr("go.mod", content)
        return zipped.getinfo("go.mod")


def read(path: Path, info: zipfile.ZipInfo) -> bytes:
    with path.open("rb") as file:
        return b"".join(read_entry(file.fileno(), info))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=5000), st.sampled_from([bytes(3_000_000), b"ab" * 10**6])),
    compression=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_an_entry_has_the_content_that_was_put_in(
    tmp_path: Path, content: bytes, compression: int
) -> None:
    info = made(tmp_path / "a.zip", content, compression)

    assert read(tmp_path / "a.zip", info) == content


def test_a_large_entry_comes_in_parts_that_fit_into_memory(tmp_path: Path) -> None:
    info = made(tmp_path / "a.zip", bytes(50_000_000))

    with (tmp_path / "a.zip").open("rb") as file:
        assert max(map(len, read_entry(file.fileno(), info))) <= 1024 * 1024


def encrypted(info: zipfile.ZipInfo) -> None:
    info.flag_bits |= 1


def compressed_otherwise(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_LZMA


def elsewhere(info: zipfile.ZipInfo) -> None:
    info.header_offset += 1


def larger(info: zipfile.ZipInfo) -> None:
    info.file_size += 1


def smaller(info: zipfile.ZipInfo) -> None:
    info.file_size -= 1


def of_another_sum(info: zipfile.ZipInfo) -> None:
    info.CRC ^= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (encrypted, "go.mod is encrypted"),
        (compressed_otherwise, "go.mod is compressed as 14"),
        (elsewhere, "go.mod is not where the zip says"),
        (larger, "go.mod has a wrong size or checksum"),
        (smaller, "go.mod has a wrong size or checksum"),
        (of_another_sum, "go.mod has a wrong size or checksum"),
    ],
)
def test_an_entry_that_is_not_as_listed_is_refused(
    tmp_path: Path, change: Callable[[zipfile.ZipInfo], None], said: str
) -> None:
    info = made(tmp_path / "a.zip", b"module m\n" * 100)
    change(info)

    with pytest.raises(zipfile.BadZipFile, match=said):
        read(tmp_path / "a.zip", info)


def test_a_bomb_ends_at_the_size_that_was_listed(tmp_path: Path) -> None:
    info = made(tmp_path / "a.zip", bytes(100_000_000))
    info.file_size = 1000

    with (tmp_path / "a.zip").open("rb") as file:
        chunks = read_entry(file.fileno(), info)
        with pytest.raises(zipfile.BadZipFile):  # at once, not after 100 MB
            next(chunks)


def test_a_zip_that_ends_within_an_entry_is_refused(tmp_path: Path) -> None:
    content = os.urandom(3000)
    info = made(tmp_path / "a.zip", content)
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:2000])

    with pytest.raises(EOFError, match=r"the zip ends within go\.mod"):
        read(tmp_path / "a.zip", info)
