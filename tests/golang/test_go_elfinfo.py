"""Build information read from ELF files: the judge is ``go version -m``, on programs it made."""

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang import buildinfo, elfinfo
from tests.golang.conftest import Go

MAGIC = b"\xff Go buildinf:"
APP = {
    "go.mod": "module example.com/app\n\ngo 1.21\n\nrequire example.com/lib v1.0.0\n\n"
    "replace example.com/lib => ./lib\n",
    "main.go": 'package main\n\nimport _ "example.com/lib"\n\nfunc main() { println(1) }\n',
    "lib/go.mod": "module example.com/lib\n\ngo 1.21\n",
    "lib/lib.go": "package lib\n",
}
PLAIN = {"CGO_ENABLED": "0", "GOOS": "linux"}


def written(root: Path) -> Path:
    for name, text in APP.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


def by_go(go: Go, program: Path) -> tuple[buildinfo.BuildInfo, ...]:
    return buildinfo.parse(go.run("version", "-m", program.name, cwd=program.parent).stdout)


@pytest.mark.parametrize(
    ("flags", "variables"),
    [
        (("-buildmode=pie", "-trimpath", "-ldflags=-s -w -X 'main.a=b c'"), PLAIN),
        (("-buildmode=exe",), {**PLAIN, "GOARCH": "arm64"}),
        ((), {**PLAIN, "GOARCH": "386"}),
        ((), {**PLAIN, "GOARCH": "s390x"}),
        (("-buildvcs=false", "-tags=x,y"), {}),
    ],
    ids=["pie", "arm64", "32 bits", "big endian", "default"],
)
def test_a_program_is_read_as_go_reads_it(
    go: Go, tmp_path: Path, flags: tuple[str, ...], variables: dict[str, str]
) -> None:
    program = tmp_path / "program"
    built = go.run("build", *flags, "-o", str(program), ".", cwd=written(tmp_path), **variables)
    assert built.returncode == 0, built.stderr

    found = elfinfo.read("program", program.read_bytes())

    assert found is not None
    assert (found,) == by_go(go, program)
    assert found.dependencies[0].replaced_by == buildinfo.BuiltModule("./lib", "(devel)")


def test_the_programs_of_go_itself_are_read_as_go_reads_them(go: Go, tmp_path: Path) -> None:
    programs = sorted(Path(go.env("GOROOT", tmp_path), "bin").iterdir())

    for program in programs:
        assert (elfinfo.read(program.name, program.read_bytes()),) == by_go(go, program)
    assert programs


@pytest.mark.parametrize("system", ["windows", "darwin"])
def test_programs_of_other_systems_are_left_to_go(go: Go, tmp_path: Path, system: str) -> None:
    program = tmp_path / "program"
    folder = written(tmp_path)
    go.run("build", "-o", str(program), ".", cwd=folder, CGO_ENABLED="0", GOOS=system)

    assert elfinfo.read("program", program.read_bytes()) is None
    assert by_go(go, program)


def elf(blob: bytes) -> bytes:
    """Return a file of 64 bits with two sections: the blob, and the names of both."""
    names = b"\0.go.buildinfo\0.shstrtab\0"
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    blob_at, names_at = 64, 64 + len(blob)
    table = names_at + len(names)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, table, 0, 64, 0, 0, 64, 2, 1)
    sections = struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, blob_at, len(blob), 0, 0, 16, 0)
    sections += struct.pack("<IIQQQQIIQQ", 15, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    return header + blob + names + sections


def blob(version: bytes, modules: bytes, *, flags: int = 2) -> bytes:
    framed = b"<" * 16 + modules + b">" * 16 if modules else b""
    return (
        (MAGIC + bytes([8, flags])).ljust(32, b"\0")
        + (length(version) + version)
        + (length(framed) + framed)
    )


def length(text: bytes) -> bytes:
    number, digits = len(text), b""
    while number >= 0x80:
        digits += bytes([number & 0x7F | 0x80])
        number >>= 7
    return digits + bytes([number])


def test_a_file_made_by_hand_is_read() -> None:
    made = elf(blob(b"go1.26.8", b"path\texample.com/app\nmod\texample.com/app\tv1.0.0\t\n"))

    assert elfinfo.read("app", made) == buildinfo.BuildInfo(
        "app", "go1.26.8", "example.com/app", buildinfo.BuiltModule("example.com/app", "v1.0.0")
    )


def test_a_program_without_modules_says_its_go_alone() -> None:
    made = elf(blob(b"go1.26.8", b""))

    assert elfinfo.read("app", made) == buildinfo.BuildInfo("app", "go1.26.8")


def test_a_magic_that_is_not_aligned_is_passed_over() -> None:
    made = elf(b"x" + MAGIC + b"y" + blob(b"go1.26.8", b""))

    assert elfinfo.read("app", made) == buildinfo.BuildInfo("app", "go1.26.8")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#!/bin/sh\n",
        b"\x7fELF",
        elf(b"no magic"),
        elf(MAGIC),
        elf(blob(b"", b"")),
        elf(blob(b"go1.17", b"", flags=0)),
        elf(blob(b"go1.26.8", b"")[:-5]),
        elf(blob(b"go1.26.8", b""))[:-60],
    ],
    ids=["empty", "script", "head", "none", "cut", "no version", "pointers", "short", "no table"],
)
def test_what_is_not_to_be_read_here_is_none(content: bytes) -> None:
    assert elfinfo.read("app", content) is None


def test_a_line_that_go_does_not_write_is_refused() -> None:
    with pytest.raises(ValueError, match="is no build information"):
        elfinfo.read("app", elf(blob(b"go1.26.8", b"news\tof go 1.40\n")))


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_no_damage_to_a_file_is_a_bug_here(at: int, damage: bytes) -> None:
    whole = elf(blob(b"go1.26.8", b"path\texample.com/app\n"))
    broken = whole[:at] + damage + whole[at + len(damage) :]

    try:
        found = elfinfo.read("app", broken)
    except ValueError:
        return
    assert found is None or found.file == "app"


def test_a_program_of_gos_linker_is_told_from_one_of_a_c_linker(go: Go, tmp_path: Path) -> None:
    by_c = Path(sys.executable).resolve().read_bytes()
    by_go = Path(go.env("GOROOT", tmp_path), "bin/gofmt").read_bytes()

    assert elfinfo.is_linked_by_go(memoryview(by_go))
    assert not elfinfo.is_linked_by_go(memoryview(by_c))
    assert not any(elfinfo.is_linked_by_go(memoryview(each)) for each in (b"", by_go[:4000]))
