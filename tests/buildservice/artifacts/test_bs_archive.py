import gzip
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from gobp.buildservice.artifacts.archive import write_archive
from gobp.buildservice.recipes.recipe import Product, RecipeError

LIMIT = 1 << 20
TIME = 1_600_000_000


def made(folder: Path, files: dict[str, bytes]) -> Product:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Product(folder=folder, files=tuple(files), modules=(), go="1.26.8")


def packed(product: Product, file: Path) -> bytes:
    write_archive(product, file, TIME, LIMIT)
    return file.read_bytes()


def test_the_same_files_give_the_same_bytes_whenever_and_wherever_they_were_made(
    tmp_path: Path,
) -> None:
    first = made(tmp_path / "a", {"app": b"x" * 5000, "dist/app.1": b"y"})
    second = made(tmp_path / "elsewhere/b", {"dist/app.1": b"y", "app": b"x" * 5000})
    (second.folder / "app").chmod(0o600)
    os.utime(second.folder / "app", (1, 1))

    assert packed(first, tmp_path / "1.tar.gz") == packed(second, tmp_path / "2.tar.gz")


def test_members_are_sorted_files_of_nobody_in_particular_at_the_time_of_the_source(
    tmp_path: Path,
) -> None:
    product = made(tmp_path / "a", {"z": b"1", "dist/é": b"2", "app.exe": b"3"})
    (product.folder / "app.exe").chmod(0o4711)

    packed(product, tmp_path / "a.tar.gz")

    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == ["app.exe", "dist/é", "z"]
    assert [member.mode for member in members] == [0o755, 0o644, 0o644]
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime, m.type) for m in members} == {
        (0, 0, "", "", TIME, tarfile.REGTYPE)
    }


def test_the_header_of_gzip_has_no_time_and_no_name(tmp_path: Path) -> None:
    content = packed(made(tmp_path / "a", {"app": b"1"}), tmp_path / "name.tar.gz")

    assert content[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    assert gzip.decompress(content)


def test_tar_itself_unpacks_it(tmp_path: Path) -> None:
    packed(made(tmp_path / "a", {f"{'long/' * 40}app": b"1"}), tmp_path / "a.tar.gz")

    subprocess.run(["tar", "xzf", "a.tar.gz"], cwd=tmp_path, check=True)

    assert (tmp_path / f"{'long/' * 40}app").read_bytes() == b"1"


def test_files_that_are_too_large_together_are_not_packed(tmp_path: Path) -> None:
    product = made(tmp_path / "a", {"app": b"1" * 600_000, "app2": b"2" * 600_000})

    with pytest.raises(RecipeError, match=r"1200000 bytes.*may have 1048576"):
        packed(product, tmp_path / "a.tar.gz")

    assert not (tmp_path / "a.tar.gz").exists()
