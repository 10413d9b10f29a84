import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.platform.elf import ElfNeeds, elf_needs
from gobp.system.machine import machine_architecture

MAIN = "package main\n\nfunc main() {}\n"


def compiled(folder: Path, *, arch: str, mode: str) -> Path:
    (folder / "main.go").write_text(MAIN)
    subprocess.run(
        ["go", "build", "-trimpath", f"-buildmode={mode}", "-o", "app", "main.go"],
        cwd=folder,
        env={"PATH": "/usr/local/go/bin:/usr/bin:/bin", "HOME": "/root", "CGO_ENABLED": "0"}
        | {"GOARCH": arch, "GOOS": "linux", "GO111MODULE": "off"},
        check=True,
    )
    return folder / "app"


@pytest.mark.skipif(shutil.which("go") is None, reason="needs go")
@pytest.mark.parametrize(
    ("arch", "mode", "interpreter"),
    [
        ("amd64", "exe", ""),
        ("amd64", "pie", "/lib64/ld-linux-x86-64.so.2"),
        ("arm64", "exe", ""),
    ],
)
def test_gos_own_programs_need_no_library_and_a_loader_only_as_pie(
    tmp_path: Path, arch: str, mode: str, interpreter: str
) -> None:
    assert elf_needs(compiled(tmp_path, arch=arch, mode=mode)) == ElfNeeds(interpreter, (), arch)


def test_a_program_of_this_machine_needs_libc() -> None:
    needs = elf_needs(Path("/bin/sh").resolve())

    assert needs is not None
    assert any(name.startswith("libc.so") for name in needs.libraries)
    assert needs.interpreter.startswith("/lib")
    assert needs.machine == machine_architecture()


def test_a_script_is_no_elf_file(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")

    assert elf_needs(tmp_path / "script") is None


@given(st.integers(0, 4000), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_never_a_crash(offset: int, noise: bytes) -> None:
    data = bytearray(Path("/bin/sh").resolve().read_bytes())
    data[offset : offset + len(noise)] = noise

    with tempfile.NamedTemporaryFile() as damaged:
        damaged.write(data)
        damaged.flush()
        needs = elf_needs(Path(damaged.name))

    assert needs is None or isinstance(needs.libraries, tuple)
