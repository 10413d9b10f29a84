import json
from pathlib import Path

import pytest

from gobp.golang import buildinfo
from gobp.golang.buildinfo import BuildInfo, BuiltModule
from tests.golang.conftest import Go

OUTPUT = """\
/layers/bin/a: b: go1.26.8
\tpath\texample.com/app/cmd/a
\tmod\texample.com/app\tv1.2.3\th1:main=
\tdep\texample.com/x\tv1.0.0\th1:x=
\tdep\texample.com/old\tv1.0.0
\t=>\texample.com/fork\tv1.1.0\th1:fork=
\tdep\texample.com/local\tv1.0.0
\t=>\t./local\t(devel)\t
\t
\tbuild\t-buildmode=exe
\tbuild\t-ldflags="-X \\"main.version=1 2\\""
\tbuild\tCGO_CFLAGS=
/layers/bin/b: go1.12.17 X:nodwarf5
"""


def test_every_binary_says_what_it_is_made_of() -> None:
    assert buildinfo.parse(OUTPUT) == (
        BuildInfo(
            file="/layers/bin/a: b",
            go_version="go1.26.8",
            path="example.com/app/cmd/a",
            main=BuiltModule("example.com/app", "v1.2.3", "h1:main="),
            dependencies=(
                BuiltModule("example.com/x", "v1.0.0", "h1:x="),
                BuiltModule(
                    "example.com/old",
                    "v1.0.0",
                    replaced_by=BuiltModule("example.com/fork", "v1.1.0", "h1:fork="),
                ),
                BuiltModule(
                    "example.com/local", "v1.0.0", replaced_by=BuiltModule("./local", "(devel)")
                ),
            ),
            settings={
                "-buildmode": "exe",
                "-ldflags": '-X "main.version=1 2"',
                "CGO_CFLAGS": "",
            },
        ),
        BuildInfo(file="/layers/bin/b", go_version="go1.12.17 X:nodwarf5"),
    )


@pytest.mark.parametrize(
    ("printed", "release", "experiments"),
    [
        ("go1.26.8", "1.26.8", ()),
        ("go1.26.8-X:nodwarf5,jsonv2", "1.26.8", ("nodwarf5", "jsonv2")),
        ("go1.12.17 X:nodwarf5", "1.12.17", ("nodwarf5",)),
        ("go1.27rc1", "1.27rc1", ()),
        ("go1.26.8-acme X:jsonv2", "1.26.8-acme", ("jsonv2",)),
        ("devel go1.27-6d8af00a63 Tue Feb 3 10:00:00 2026 -0800", "1.27-6d8af00a63", ()),
        ("unknown", "unknown", ()),
    ],
)
def test_a_printed_go_version_holds_a_release_and_experiments(
    printed: str, release: str, experiments: tuple[str, ...]
) -> None:
    assert buildinfo.release_of(printed) == release
    assert buildinfo.experiments_of(printed) == experiments


def test_only_what_stands_for_a_module_may_be_a_folder() -> None:
    assert all(BuiltModule(path).is_folder for path in (".", "..", "./a", "../a", "/a"))
    assert not any(BuiltModule(path).is_folder for path in ("a.b/c", "...", ".a/b"))


def test_no_output_is_no_binary() -> None:
    assert buildinfo.parse("") == ()


@pytest.mark.parametrize(
    "output",
    [
        "no colon\n",
        "\tpath\texample.com/a\n",
        "a: go1.26\n\twhat\tis this\n",
        "a: go1.26\n\tbuild\tnothing\n",
        "a: go1.26\n\t=>\texample.com/a\tv1.0.0\n",
    ],
)
def test_a_line_that_go_does_not_print_is_refused(output: str) -> None:
    with pytest.raises(ValueError, match=r"does not name|is no|replaces no"):
        buildinfo.parse(output)


def test_a_real_binary_is_read_as_by_go(go: Go, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "go.mod").write_text("module example.com/library\n\ngo 1.21\n")
    (library / "library.go").write_text("package library\n")
    (tmp_path / "go.mod").write_text(
        "module example.com/app\n\ngo 1.21\n\nrequire example.com/library v1.0.0\n\n"
        "replace example.com/library => ./library\n"
    )
    (tmp_path / "main.go").write_text(
        'package main\n\nimport _ "example.com/library"\n\nfunc main() {}\n'
    )
    built = go.run("build", "-ldflags=-s -X 'main.a=b c'", "-o", "app", ".", cwd=tmp_path)
    assert built.returncode == 0, built.stderr

    (found,) = buildinfo.parse(go.run("version", "-m", "app", cwd=tmp_path).stdout)

    expected = json.loads(go.run("version", "-m", "-json", "app", cwd=tmp_path).stdout)
    assert (found.file, found.go_version) == ("app", expected["GoVersion"])
    assert found.path == expected["Path"] == "example.com/app"
    assert found.main is not None
    assert found.main.path == expected["Main"]["Path"]
    (dependency,) = found.dependencies
    assert dependency.replaced_by == BuiltModule("./library", "(devel)")
    assert found.settings == {s["Key"]: s.get("Value", "") for s in expected["Settings"]}
    assert found.settings["-ldflags"] == "-s -X 'main.a=b c'"
