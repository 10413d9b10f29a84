"""Imports of Go files, held against go/parser on Go's own sources where there is a Go."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.imports import Imports, read_imports


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("package a\n", ()),
        ('package a\nimport "fmt"\n', ("fmt",)),
        ('package a;import"fmt";import . "os"; func f() {}', ("fmt", "os")),
        (
            'package a\nimport (\n\tx "a/b" // "no"\n\t_ `c` /* "no" */\n)\nvar v = "no"\n',
            ("a/b", "c"),
        ),
        ('// "no"\n/* import "no" */ package /* p */ a\n\nimport\n"fmt"\ntype T int\n', ("fmt",)),
        ('package a\nimport ()\nimport ("x";"y")\n', ("x", "y")),
    ],
)
def test_every_way_to_write_an_import_is_read(text: str, paths: tuple[str, ...]) -> None:
    assert read_imports(text) == Imports(paths, whole=True)


@pytest.mark.parametrize(
    "text", ["", "func main() {}", 'package a\nimport "fmt', "package a\nimport (", "package a\n}"]
)
def test_what_is_no_go_is_not_whole(text: str) -> None:
    assert not read_imports(text).whole


_WORDS = st.sampled_from(
    ["import", " ", "\n", ";", "(", ")", '"a"', "`b`", "x ", "_ ", ". ", "// c\n", "/* d */"]
)


@given(st.lists(_WORDS, max_size=20).map("".join), st.data())
def test_a_beginning_that_is_said_to_be_whole_has_all_imports(
    body: str, data: st.DataObject
) -> None:
    text = f"package a\n{body}\nfunc f() {{}}\n"
    beginning = text[: data.draw(st.integers(0, len(text)))]

    found = read_imports(beginning, entire=False)

    assert not found.whole or found == read_imports(text)


def test_go_reads_its_own_sources_alike(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no go here")
    root = Path(go).resolve().parents[1] / "src"
    files = [str(path) for path in sorted(root.glob("[a-n]*/*.go"))]
    (tmp_path / "main.go").write_text(PRINTER)
    done = subprocess.run(
        [go, "run", "main.go"],
        cwd=tmp_path,
        input="\n".join(files),
        capture_output=True,
        text=True,
        check=True,
    )

    found = [read_imports(Path(file).read_text("utf-8-sig", "replace")) for file in files]

    assert [",".join(each.paths) for each in found] == done.stdout.splitlines()
    assert all(each.whole for each in found)


PRINTER = """package main

import (
	"bufio"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		file, _ := parser.ParseFile(token.NewFileSet(), lines.Text(), nil, parser.ImportsOnly)
		var paths []string
		for _, each := range file.Imports {
			paths = append(paths, each.Path.Value[1:len(each.Path.Value)-1])
		}
		fmt.Println(strings.Join(paths, ","))
	}
}
"""
