import json
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.golang import workfile
from gobp.golang.modfile import Replacement
from gobp.golang.module import ModuleVersion
from gobp.golang.workfile import WorkFile
from tests.golang.conftest import Go

EVERYTHING = """\
go 1.23.4 // minimum
toolchain go1.24.1
godebug default=go1.21
use .
use (
\t./lib // the library
\t"./with space"
)
replace example.com/a v1.0.0 => ../a
"""


def parse(text: str) -> WorkFile:
    return workfile.parse(text, source="go.work")


def test_every_directive_is_read() -> None:
    assert parse(EVERYTHING) == WorkFile(
        go="1.23.4",
        toolchain="go1.24.1",
        uses=(".", "./lib", "./with space"),
        replaces=(Replacement(ModuleVersion("example.com/a", "v1.0.0"), ModuleVersion("../a")),),
        godebug=(("default", "go1.21"),),
    )


@pytest.mark.parametrize(
    "text",
    [
        *(EVERYTHING, "", "use", "use a b", "require example.com/a v1.0.0", "module a", "go 1.x"),
        *("go (\n)", "use (\n", "use (\n\ta\n)\nuse a", "toolchain x", "replace a => b"),
    ],
)
def test_a_file_is_accepted_and_read_as_by_go(go: Go, tmp_path: Path, text: str) -> None:
    file = tmp_path / "go.work"
    file.write_text(text)
    result = go.run("work", "edit", "-json", str(file), cwd=tmp_path)
    expected = json.loads(result.stdout) if result.returncode == 0 else None

    try:
        found: WorkFile | None = parse(text)
    except UserError:
        found = None

    assert (found is None) == (expected is None)
    if found and expected:
        assert found.go == expected.get("Go", "")
        assert list(found.uses) == [use["DiskPath"] for use in expected["Use"] or []]
        assert len(found.replaces) == len(expected["Replace"] or [])


def test_an_error_says_where_it_is_and_what_was_found() -> None:
    with pytest.raises(UserError, match=r"^go\.work:2: unknown directive 'require'\n"):
        parse("go 1.23\nrequire example.com/a v1.0.0\n")
