"""Which parts of a build image C code is made with, and C code that names more than those."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gobp.buildpack.unchanged.build_image import check_c_sources, inputs_of_build_image
from gobp.buildpack.unchanged.digests import NoKeyError

Change = Callable[[Path], object]


def put(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def inputs(root: Path) -> str:
    return inputs_of_build_image({"PATH": f"{root}/bin:{root}/none"}, str(root))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    put(tmp_path / "bin/gcc", "13")
    put(tmp_path / "usr/lib/x86_64-linux-gnu/libc.a", "c")
    put(tmp_path / "usr/include/bits/types.h")
    put(tmp_path / "var/lib/dpkg/status", "Package: libc6-dev")
    return tmp_path


def renewed(root: Path) -> None:
    os.utime(root / "bin/gcc", (1, 1))


CHANGES: dict[str, Change] = {
    "another compiler": lambda root: put(root / "bin/gcc", "14.0"),
    "a compiler of another time": renewed,
    "a compiler more": lambda root: put(root / "bin/clang"),
    "no compiler": lambda root: (root / "bin/gcc").unlink(),
    "packages of Debian": lambda root: put(root / "var/lib/dpkg/status", "Package: musl-dev"),
    "packages of Alpine": lambda root: put(root / "lib/apk/db/installed", "P:musl-dev"),
    "packages of Fedora": lambda root: put(root / "var/lib/rpm/rpmdb.sqlite", "x"),
    "packages without dpkg": lambda root: put(root / "var/lib/dpkg/status.d/libc6", "x"),
    "a header": lambda root: put(root / "usr/include/bits/types.h", "typedef"),
    "a header more": lambda root: put(root / "usr/local/include/x.h"),
    "a library": lambda root: put(root / "usr/lib/x86_64-linux-gnu/libc.a", "other"),
    "a library of another kind": lambda root: put(root / "lib64/libx.so"),
    "a library that was built here": lambda root: put(root / "usr/local/lib/deep/libx.a"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_part_of_the_image_that_c_code_is_made_with_counts(
    image: Path, change: Change
) -> None:
    before = inputs(image)
    assert inputs(image) == before

    change(image)

    assert inputs(image) != before


def test_other_files_of_the_image_do_not_count(image: Path) -> None:
    before = inputs(image)

    put(image / "etc/hostname", "x")
    put(image / "usr/share/doc/x")

    assert inputs(image) == before


def test_a_link_to_nothing_counts_as_one(image: Path) -> None:
    before = inputs(image)

    (image / "bin/cc").symlink_to("nothing")

    assert inputs(image) != before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CPATH", "/opt/include"),
        ("LIBRARY_PATH", "/layers/other/lib"),
        ("PKG_CONFIG_PATH", "lib:/opt/pkgconfig"),
        ("LD_LIBRARY_PATH", "/opt/lib"),
        ("CGO_CFLAGS", "-O2 -I/opt/include"),
        ("CGO_LDFLAGS", "-L../lib"),
        ("CC", "/opt/bin/gcc"),
    ],
)
def test_there_is_no_key_where_a_variable_names_other_places(
    image: Path, name: str, value: str
) -> None:
    with pytest.raises(NoKeyError, match=name):
        inputs_of_build_image({"PATH": "", name: value}, str(image))


def test_variables_that_name_no_places_are_no_matter(image: Path) -> None:
    settings = {"PATH": "", "CC": "gcc-13", "CGO_CFLAGS": "-O2 -g", "CPATH": ""}

    inputs_of_build_image(settings, str(image))


GO = 'package main\n\n{}\nimport "C"\n'


@pytest.mark.parametrize(
    "text",
    [
        "// #cgo LDFLAGS: -L/opt/lib -lx",
        "//#cgo linux,amd64 CFLAGS: -I/opt/include",
        "/*\n#cgo LDFLAGS: -L${SRCDIR}/../../../lib\n*/",
        "// #cgo pkg-config: gtk",
        "// #include </opt/x.h>",
        '/*\n# include "../../../x.h"\n*/',
        '// asm(".incbin \\"/opt/x.bin\\"");',
    ],
)
def test_c_code_that_names_files_elsewhere_is_found(tmp_path: Path, text: str) -> None:
    put(tmp_path / "vendor/x/x.go", GO.format(text))

    with pytest.raises(NoKeyError, match=r"vendor/x/x\.go"):
        check_c_sources(str(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "// #cgo LDFLAGS: -lsqlite3 -L${SRCDIR}/lib",
        "// #include <stdio.h>",
        '// #include "x/y.h"',
        '// #include "../y.h"',
        "// see https://example.com/x#cgo",
    ],
)
def test_other_c_code_is_no_matter(tmp_path: Path, text: str) -> None:
    put(tmp_path / "x/x.go", GO.format(text))
    put(tmp_path / "README.md", "#cgo LDFLAGS: -L/opt/lib")

    check_c_sources(str(tmp_path))
