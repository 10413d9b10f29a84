"""The head of a source file, with the real go as judge."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.sourcefile import BuildTarget, name_matches, package_name
from tests.golang.conftest import Go

AMD64 = BuildTarget("amd64")

NAMES = [
    "a.go",
    "a_linux.go",
    "a_windows.go",
    "a_amd64.go",
    "a_arm64.go",
    "a_linux_amd64.go",
    "a_linux_arm64.go",
    "a_windows_amd64.go",
    "linux.go",
    "amd64.go",
    "a_unix.go",
    "a_linux_x.go",
    "a_amd64_linux.go",
    "a_test.go",
    "a_linux_test.go",
    "_a.go",
    ".a.go",
    "a.go.txt",
    "a.s",
    "a_js_wasm.go",
    "a_zos.go",
]
CONSTRAINTS = [
    "linux",
    "!linux",
    "unix",
    "gc",
    "gccgo",
    "amd64",
    "arm64 || amd64",
    "linux && !amd64",
    "!(windows || darwin)",
    "(linux && amd64) || (windows && arm64)",
    "!!linux",
    "ignore",
    "go1.21",
    "!go1.21",
    "mytag",
    "linux && mytag",
    "linux // with words after it",
]
HEADS = [
    "package main\n",
    "\ufeffpackage main\n",
    "// comment\n\npackage main\n",
    "/* comment\n*/ package main\n",
    "/* one */ /* two */ // three\npackage main // four\n",
    "\r\n// a\r\n\r\npackage main\r\n",
    'package main; import "fmt"\n',
    "/*\n//go:build ignore\n*/\npackage main\n",
    "//go:buildx ignore\n\npackage main\n",
    "// +build ignore\n\npackage main\n",
    "// +build ignore\npackage main\n",
    "// +build ignore linux,amd64\n\npackage main\n",
    "// +build linux\n// +build !amd64\n\npackage main\n",
    "// a\n//\n// +build !ignore\r\n\r\n// Doc.\npackage main\n",
    "// Doc.\n\n// +build ignore\n// of it\npackage main\n",
    "//+build ignore\n\npackage main\n",
    "// +build\n\npackage main\n",
    "//go:build linux\n// +build ignore\n\npackage main\n",
    "//go:build ignore\npackage main\n",
    "//go:build\tignore\n\npackage main\n",
]


def listed(go: Go, folder: Path, *flags: str) -> set[str]:
    """Return the files that the real go builds for Linux on amd64."""
    (folder / "go.mod").write_text("module example.com/x\n\ngo 1.26\n")
    template = "{{range .GoFiles}}{{.}}\n{{end}}"
    done = go.run(
        "list", "-e", "-f", template, *flags, ".", cwd=folder, GOOS="linux", GOARCH="amd64"
    )
    return set(done.stdout.split())


def test_names_of_files_count_as_they_do_for_go(go: Go, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_text("package main\n")

    assert {name for name in NAMES if name_matches(name, AMD64)} == listed(go, tmp_path)


@pytest.mark.parametrize("tags", [(), ("mytag",)])
def test_build_constraints_hold_as_they_do_for_go(
    go: Go, tmp_path: Path, tags: tuple[str, ...]
) -> None:
    texts = {
        f"f{number}.go": f"// header\n\n//go:build {constraint}\n\npackage main\n"
        for number, constraint in enumerate(CONSTRAINTS)
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    target = BuildTarget("amd64", frozenset(tags))

    ours = {name for name, text in texts.items() if package_name(text, target) == "main"}

    assert ours == listed(go, tmp_path, f"-tags={','.join(tags)}")


def test_heads_of_files_are_read_as_go_reads_them(go: Go, tmp_path: Path) -> None:
    for number, head in enumerate(HEADS):
        (tmp_path / f"f{number}.go").write_bytes(head.encode())

    ours = {
        f"f{number}.go"
        for number, head in enumerate(HEADS)
        if package_name(head.removeprefix("\ufeff"), AMD64) == "main"
    }

    assert ours == listed(go, tmp_path)


@pytest.mark.parametrize(
    "text", ["", "// only a comment", "/* never closed", "func main() {}", "packagemain", "package"]
)
def test_a_text_without_package_clause_belongs_to_none(text: str) -> None:
    assert package_name(text, AMD64) is None


def test_a_malformed_constraint_excludes_its_file() -> None:
    for constraint in ("linux &&", "(linux", "linux amd64", ")", "&&", "!)", "linux@", ""):
        text = f"//go:build {constraint}\n\npackage main\n"
        assert package_name(text, AMD64) is None, constraint


def test_a_constraint_after_the_package_clause_is_a_comment() -> None:
    assert package_name("package main\n\n//go:build ignore\n", AMD64) == "main"


@given(st.text("()!&| linuxa", max_size=12))
def test_any_constraint_is_read_without_failing(constraint: str) -> None:
    assert package_name(f"//go:build {constraint}\n\npackage main\n", AMD64) in {"main", None}
