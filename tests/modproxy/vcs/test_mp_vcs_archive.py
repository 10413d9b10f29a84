import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.sources.source import RefusedError
from gobp.modproxy.tree.zip_check import zip_hash
from gobp.modproxy.vcs.archive import make_module_zip

FILE = ModuleFile("example.com/m", "v1.0.0", Kind.ZIP)
PREFIX = "example.com/m@v1.0.0/"


def make_tar(path: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write a tar file; a text is the target of a symbolic link, a name with / is a folder."""
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.rstrip("/"))
            if name.endswith("/"):
                member.type = tarfile.DIRTYPE
                archive.addfile(member)
            elif isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def made(
    folder: Path,
    files: Mapping[str, bytes | str],
    *,
    below: str = "",
    go_mod: bytes = b"",
    licence: bytes | None = None,
) -> Path:
    tar, target = make_tar(folder / "tar", files), folder / "zip"
    make_module_zip(tar, target, FILE, folder=below, go_mod=go_mod, licence=licence)
    return target


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.removeprefix(PREFIX): archive.read(name) for name in archive.namelist()}


def test_the_files_of_the_module_are_in_the_zip(tmp_path: Path) -> None:
    files = {"go.mod": b"module example.com/m\n", "sub/": b"", "sub/a.go": b"package a\n"}

    path = made(tmp_path, files)

    assert contents(path) == {"go.mod": b"module example.com/m\n", "sub/a.go": b"package a\n"}
    assert zip_hash(path, FILE).startswith("h1:")


def test_links_submodules_and_nested_modules_are_left_out(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "a.go": b"a",
        "link": "a.go",
        "submodule/": b"",
        "n/go.mod": b"",
        "n/b.go": b"b",
    }

    assert contents(made(tmp_path, files)) == {"a.go": b"a"}


@pytest.mark.parametrize(
    ("own", "licence", "expected"),
    [({}, b"root's", b"root's"), ({"sub/LICENSE": b"own"}, b"root's", b"own"), ({}, None, None)],
)
def test_a_module_in_a_folder_has_the_licence_of_the_root_unless_its_own(
    tmp_path: Path, own: dict[str, bytes], licence: bytes | None, expected: bytes | None
) -> None:
    files = {"sub/go.mod": b"", "subway/b.go": b"", "a.go": b"", **own}

    found = contents(made(tmp_path, files, below="sub", licence=licence))

    assert found.pop("LICENSE", None) == expected
    assert found == {"go.mod": b""}


def test_the_go_line_decides_about_vendored_files(tmp_path: Path) -> None:
    files = {"vendor/modules.txt": b""}

    assert contents(made(tmp_path, files, go_mod=b"go 1.23\n")) == files
    assert contents(made(tmp_path, files, go_mod=b"go 1.24\n")) == {}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    files = {f"{number}.go": bytes([number]) * 1000 for number in range(20)}

    assert made(tmp_path, files).read_bytes() == made(tmp_path, files).read_bytes()


def test_names_that_no_module_can_have_are_told(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="are the same where upper and lower case are"):
        made(tmp_path, {"A.go": b"", "a.go": b""})
