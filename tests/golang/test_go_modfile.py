import json
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang import modfile
from gobp.golang.modfile import ModFile, Replacement, Requirement, Retraction
from gobp.golang.module import ModuleVersion
from tests.golang.conftest import Go

# Each example starts a go command, so there are few.
few_examples = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

EVERYTHING = dedent(
    """\
    // Package comment, which belongs to nothing.

    // Deprecated: use example.com/other.
    // It is better.
    module "example.com/app/v2" // the module

    go 1.23.4

    toolchain go1.24.1-custom // own build

    godebug default=go1.21
    godebug (
    \tpanicnil=1
    )
    require example.com/direct v1.2.3
    require (
    \texample.com/a v0.1.0 // indirect
    \t"example.com/quoted" v1.0.0 // indirect; as well

    \t// a comment
    \tgopkg.in/yaml.v3 v3.0.1 // indirectly
    \texample.com/old v2.0.0+incompatible
    \texample.com/short v1
    )
    exclude example.com/a v0.0.9
    replace (
    \texample.com/a => ../a
    \texample.com/b v1.0.0 => example.com/fork v1.0.1-0.20240102030405-abcdefabcdef
    \texample.com/c => "/with space/c"
    )
    // broken
    // from the start
    retract (
    \tv1.0.0
    \tv1.0.1 // leaks
    \t[v1.1.0, v1.2.0]

    \t// slow
    \tv1.3.0
    )
    tool example.com/direct/cmd/gen
    ignore (
    \t./node_modules
    \tstatic
    )
    require ()
    """
)


def parse(text: str) -> ModFile:
    return modfile.parse(text, source="go.mod")


def as_go_prints_it(parsed: ModFile) -> dict[str, object]:
    """Return the JSON of `go mod edit -json`, which drops duplicates."""
    return without_empty(
        {
            "Module": {"Path": parsed.module} | without_empty({"Deprecated": parsed.deprecated}),
            "Go": parsed.go,
            "Toolchain": parsed.toolchain,
            "Require": [
                without_empty({"Path": r.path, "Version": r.version, "Indirect": r.indirect})
                for r in parsed.requires
            ],
            "Exclude": [named(version) for version in dict.fromkeys(parsed.excludes)],
            "Replace": [
                {"Old": named(r.old), "New": named(r.new)} for r in last_of_each(parsed.replaces)
            ],
            "Retract": [
                without_empty({"Low": r.low, "High": r.high, "Rationale": r.rationale})
                for r in parsed.retracts
            ],
            "Tool": [{"Path": path} for path in dict.fromkeys(parsed.tools)],
            "Ignore": [{"Path": path} for path in dict.fromkeys(parsed.ignores)],
            "GoDebug": [{"Key": key, "Value": value} for key, value in parsed.godebug],
        }
    )


def last_of_each(replaces: tuple[Replacement, ...]) -> list[Replacement]:
    """Return the replacements without those that a later one overrides, as `go mod edit` does."""
    return [r for at, r in enumerate(replaces) if r.old not in {x.old for x in replaces[at + 1 :]}]


def named(version: ModuleVersion) -> dict[str, object]:
    return without_empty({"Path": version.path, "Version": version.version})


def without_empty(table: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in table.items() if value}


def as_go_reads_it(go: Go, directory: Path, text: str) -> dict[str, object] | None:
    """Return what the real go says of a go.mod file, None if it refuses it."""
    file = directory / "go.mod"
    file.write_text(text, newline="")
    result = go.run("mod", "edit", "-json", str(file), cwd=directory)
    if result.returncode:
        return None
    found: dict[str, object] = json.loads(result.stdout)
    return without_empty(found)


def as_gobp_reads_it(text: str) -> dict[str, object] | None:
    try:
        return as_go_prints_it(parse(text))
    except UserError:
        return None


def test_every_directive_is_read() -> None:
    assert parse(EVERYTHING) == ModFile(
        module="example.com/app/v2",
        deprecated="use example.com/other.\nIt is better.\nthe module",
        go="1.23.4",
        toolchain="go1.24.1-custom",
        requires=(
            Requirement("example.com/direct", "v1.2.3"),
            Requirement("example.com/a", "v0.1.0", indirect=True),
            Requirement("example.com/quoted", "v1.0.0", indirect=True),
            Requirement("gopkg.in/yaml.v3", "v3.0.1"),
            Requirement("example.com/old", "v2.0.0+incompatible"),
            Requirement("example.com/short", "v1.0.0"),
        ),
        excludes=(ModuleVersion("example.com/a", "v0.0.9"),),
        replaces=(
            Replacement(ModuleVersion("example.com/a"), ModuleVersion("../a")),
            Replacement(
                ModuleVersion("example.com/b", "v1.0.0"),
                ModuleVersion("example.com/fork", "v1.0.1-0.20240102030405-abcdefabcdef"),
            ),
            Replacement(ModuleVersion("example.com/c"), ModuleVersion("/with space/c")),
        ),
        retracts=(
            Retraction("v1.0.0", "v1.0.0", "broken\nfrom the start"),
            Retraction("v1.0.1", "v1.0.1", "leaks"),
            Retraction("v1.1.0", "v1.2.0", "broken\nfrom the start"),
            Retraction("v1.3.0", "v1.3.0", "slow"),
        ),
        tools=("example.com/direct/cmd/gen",),
        ignores=("./node_modules", "static"),
        godebug=(("default", "go1.21"), ("panicnil", "1")),
    )


def test_go_reads_every_directive_the_same(go: Go, tmp_path: Path) -> None:
    assert as_gobp_reads_it(EVERYTHING) == as_go_reads_it(go, tmp_path, EVERYTHING)


def test_line_ends_of_windows_are_read() -> None:
    assert parse(EVERYTHING.replace("\n", "\r\n")) == parse(EVERYTHING)


def test_an_empty_file_is_an_empty_module_file() -> None:
    assert parse("") == ModFile()


@pytest.mark.parametrize(
    "text",
    [
        'module "example.com/\\x61\\u0062\\143\\n"',
        "module example.com/a//comment",
        "module (\n\texample.com/a\n)",
        "module example.com/a\n// x\n)",
        "require (\n\texample.com/a v1.0.0 // indirect\n) // end",
        "retract ( // why\n\n\tv1.0.0\n\n\t// that\n\n\tv1.0.1\n)",
        "// not\n\n// this\nretract v1.0.0 // and this\n// nor this",
        "// Deprecated: a\n//\n// b\nmodule example.com/a",
        "// b\n//\n// Deprecated:   a\nmodule example.com/a // c",
        "replace example.com/a v1 => C:x",
        "replace example.com/a => .",
        "replace example.com/a => ..a",
        "replace example.com/a => a",
        "replace => => => v1.0.0",
        "replace example.com/a => example.com/b@v1.0.0",
        "replace example.com/a => ./b v1.0.0",
        "replace example.com/a v2.0.0 => ./b",
        "replace example.com/a/v1 => ./b",
        "replace example.com/a => .\\b",
        "replace example.com/a v1.0.0 v1.0.1 => ./b",
        "require example.com/a v1.0.0 v1.0.1",
        "require example.com/a master",
        "require example.com/a v2.0.0",
        "require example.com/a/v3 v2.0.0",
        "require gopkg.in/a.v1 v0.0.0-20200101000000-abcdefabcdef",
        "require gopkg.in/a v1.0.0",
        "require gopkg.in/a.v2-unstable v2.0.0",
        "require (example.com/a v1.0.0)",
        "require ( example.com/a v1.0.0\n)",
        "require (\n\texample.com/a v1.0.0",
        "require (\n\texample.com/a v1.0.0\n) x",
        "require x (\n)",
        "require ( )\nrequire ()  // comment",
        "unknown (\n)",
        "unknown",
        "(",
        ")",
        "go (\n\t1.21\n)",
        "go 1.x",
        "go 1",
        "go 1.21rc1",
        "go 1.21.0rc1",
        "go 1.21.",
        "go v1.21",
        "go 01.21",
        'go "1.21"',
        "go 1.21 1.22",
        "go",
        "go 1.21\ngo 1.21",
        "toolchain default",
        "toolchain go2",
        "toolchain go1",
        "toolchain go1x",
        "toolchain go1.x y",
        "toolchain",
        "module a\nmodule b",
        "module",
        "module a b",
        "module `a`",
        "module 'a'",
        'module a"b',
        'module "a',
        'module "a"b',
        'module "\\q"',
        'module "\\400"',
        'module "\\ud800"',
        "module a/*b*/",
        "/* c */",
        "module a,b",
        "module a\x00",
        "module a\u00a0b",
        "module \u00e9",
        "module a\f",
        "retract [v1.0.0, v1.1.0]",
        "retract master",
        "retract (\n\t(\n)",
        "retract [",
        "retract [v1.0.0 v1.1.0]",
        "retract [v1.0.0, v1.1.0",
        "retract v1.0.0 v1.1.0",
        "retract (",
        "retract",
        "godebug a=b",
        "godebug a",
        "godebug a=b,c=d",
        "godebug 'a=b'",
        "tool example.com/a example.com/b",
        "tool (\n\texample.com/a\n)",
        "ignore",
        "ignore ./a",
    ],
)
def test_a_file_is_accepted_and_read_as_by_go(go: Go, tmp_path: Path, text: str) -> None:
    assert as_gobp_reads_it(text) == as_go_reads_it(go, tmp_path, text)


paths = st.sampled_from(
    ["example.com/a", "example.com/b/v2", "gopkg.in/c.v1", '"example.com/q"', "example.com/d/v1"]
)
semantic_versions = st.sampled_from(
    ["v0.0.0", "v1.2.3", "v2.0.0", "v1", "v2.1.0+incompatible", "v1.0.0-rc.1", "v1.0.0+meta", "1.0"]
)
comments = st.sampled_from(["", "", " // indirect", "// indirect; x", " // x", " //"])
arguments = {
    "require": st.builds("{} {}".format, paths, semantic_versions),
    "exclude": st.builds("{} {}".format, paths, semantic_versions),
    "replace": st.one_of(
        st.builds("{} => ../x".format, paths),
        st.builds("{} {} => {} {}".format, paths, semantic_versions, paths, semantic_versions),
    ),
    "retract": st.one_of(
        semantic_versions, st.builds("[{}, {}]".format, semantic_versions, semantic_versions)
    ),
    "tool": paths,
    "ignore": st.sampled_from(["./a", "b"]),
}


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Draw a directive, a block of them, a comment or a blank line."""
    verb = draw(st.sampled_from([*sorted(arguments), ""]))
    if not verb:
        return draw(st.sampled_from(["", "// a comment", "  ", "// Deprecated: it"]))
    lines = st.builds("{}{}".format, arguments[verb], comments)
    if draw(st.booleans()):
        return f"{verb} {draw(lines)}"
    inner = draw(st.lists(st.one_of(lines, st.sampled_from(["", "\t// own"])), max_size=3))
    return "\n".join([f"{verb} (", *inner, ")"])


@few_examples
@given(st.lists(statements(), max_size=4))
def test_generated_files_are_read_as_by_go(go: Go, tmp_path: Path, parts: list[str]) -> None:
    text = "\n".join(["module example.com/app", *parts, ""])

    assert as_gobp_reads_it(text) == as_go_reads_it(go, tmp_path, text), text


@few_examples
@given(st.text('()[],"`\\/* \n\t=>av1.é'))
def test_no_text_is_too_odd_to_be_read_or_refused_as_by_go(
    go: Go, tmp_path: Path, text: str
) -> None:
    assert as_gobp_reads_it(text) == as_go_reads_it(go, tmp_path, text), text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("module a\ngo 1.x\n", "go.mod:2: '1.x' is not a Go version such as 1.23 or 1.23.4"),
        ("\n\nfoo bar\n", "go.mod:3: unknown directive 'foo'"),
        ("module a\nmodule b", "go.mod:2: module is repeated; it stands on line 1 already"),
        ("require (\n\ta v1.0.0\n", "go.mod:1: the block that require ( opens is not closed"),
        ('module "a\n', 'go.mod:1: the quoted string "a is not closed'),
        ("require a\n", "go.mod:1: require takes a module path and a version and has a"),
    ],
)
def test_an_error_says_where_it_is_and_what_was_found(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)

    assert caught.value.summary == message
