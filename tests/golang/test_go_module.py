from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang import module, semver
from gobp.golang.module import ModuleVersion
from tests.golang.conftest import Go, Oracle, unhurried

elements = st.one_of(
    st.sampled_from(["example.com", "gopkg.in", "Azure", "v2", "v1", "v01", "v2.1", "v10", "v"]),
    st.sampled_from(
        ["con", "NUL.go", "x~1", "x~1.y", "yaml.v3", "yaml.v0", "a.v1-unstable", "c++"]
    ),
    st.sampled_from(
        ["yaml.v0-unstable", "a.v01", ".hidden", "end.", "", ".", "..", "-dash", "a b"]
    ),
    st.text("aB.-~_1!é%\\", max_size=4),
)
paths = st.lists(elements, max_size=4).map("/".join)
valid_paths = st.builds(
    "{}/{}".format,
    st.just("example.com"),
    st.from_regex(r"[A-Za-z]{1,5}(/[A-Z][a-z]{2})?", fullmatch=True),
)
versions = st.one_of(
    st.sampled_from(["v1.2.3", "v1", "v1.2", "v2.0.0", "v3.1.0-rc.1", "v2.0.0+incompatible"]),
    st.sampled_from(["v1.0.0+a.b-c", "v01.0.0", "v1.0.0-01", "v1.0.0-0a", "1.0.0", "v1.0.0-", "v"]),
    st.sampled_from(["v0.0.0-20200101000000-abcdefabcdef", "Release", "feature/x", "con", "a!b"]),
    st.text("v01.-+aB!/é ~", max_size=8),
)


full_versions = st.sampled_from(
    [
        *("v0.1.0", "v1.2.3", "v2.0.0", "v3.1.0-rc.1", "v2.0.0+incompatible", "v10.0.0"),
        *("v0.0.0-20200101000000-abcdefabcdef", "v1.0.0+meta"),
    ]
)


def result_of(function: Callable[[str], str], text: str) -> list[object]:
    """Return the result and whether there was one, in the oracle's form."""
    try:
        return [function(text), True]
    except UserError:
        return ["", False]


def accepts(check: Callable[[str], object], text: str) -> bool:
    try:
        check(text)
    except UserError:
        return False
    return True


@unhurried
@given(st.lists(paths, min_size=10))
@pytest.mark.slow
def test_paths_are_accepted_as_by_go(oracle: Oracle, examples: list[str]) -> None:
    for path in examples:
        assert [accepts(module.check_path, path)] == oracle.ask("check-path", path), path
        assert [accepts(module.check_import_path, path)] == (
            oracle.ask("check-import-path", path)
        ), path


@unhurried
@given(st.lists(paths, min_size=10))
def test_the_major_version_is_split_off_as_by_go(oracle: Oracle, examples: list[str]) -> None:
    for path in examples:
        prefix, major, ok = oracle.ask("split", path)

        assert accepts(module.split_path_major, path) == ok, path
        assert not ok or module.split_path_major(path) == (prefix, major), path


@unhurried
@given(st.lists(st.one_of(paths, versions), min_size=10))
@pytest.mark.slow
def test_paths_and_versions_are_escaped_and_unescaped_as_by_go(
    oracle: Oracle, examples: list[str]
) -> None:
    for text in examples:
        assert result_of(module.escape_path, text) == oracle.ask("escape-path", text), text
        assert result_of(module.unescape_path, text) == oracle.ask("unescape-path", text), text
        assert result_of(module.escape_version, text) == oracle.ask("escape-version", text), text
        assert result_of(module.unescape_version, text) == (oracle.ask("unescape-version", text)), (
            text
        )


@given(valid_paths)
def test_unescaping_is_the_inverse_of_escaping(path: str) -> None:
    escaped = module.escape_path(path)

    assert escaped == escaped.lower()
    assert module.unescape_path(escaped) == path


@unhurried
@given(st.lists(versions, min_size=10))
@pytest.mark.slow
def test_versions_are_read_as_by_go(oracle: Oracle, examples: list[str]) -> None:
    for version in examples:
        assert [semver.canonical(version)] == oracle.ask("canonical", version), version
        assert [semver.major(version)] == oracle.ask("major", version), version


@unhurried
@given(st.lists(st.tuples(paths, full_versions), min_size=10))
@pytest.mark.slow
def test_a_version_fits_a_path_as_by_go(oracle: Oracle, examples: list[tuple[str, str]]) -> None:
    for path, version in examples:
        (expected,) = oracle.ask("check", path, version)

        assert fits(path, version) == expected, (path, version)


def fits(path: str, version: str) -> bool:
    try:
        module.check_path(path)
        module.check_version_fits(path, version)
    except UserError:
        return False
    return True


def test_an_error_says_why_a_path_is_none() -> None:
    with pytest.raises(UserError, match=r"'app' is not a module path: its first element 'app' has"):
        module.check_path("app")


def test_a_module_version_reads_as_on_gos_command_line() -> None:
    assert str(ModuleVersion("example.com/a", "v1.0.0")) == "example.com/a@v1.0.0"
    assert str(ModuleVersion("example.com/a")) == "example.com/a"


@pytest.mark.parametrize(
    ("module_path", "package"),
    [
        ("example.com/foo", "."),
        ("example.com/foo/v2", "."),
        ("example.com/foo/v1", "."),
        ("example.com/foo/v10", "."),
        ("example.com/foo/v02", "."),
        ("gopkg.in/yaml.v3", "."),
        ("single", "."),
        ("v2", "."),
        ("example.com/foo/v2", "cmd/server"),
        ("example.com/foo", "cmd/v3"),
        ("example.com/foo", "cmd/a.b"),
    ],
)
def test_a_binary_is_named_as_by_go(go: Go, tmp_path: Path, module_path: str, package: str) -> None:
    (tmp_path / "go.mod").write_text(f"module {module_path}\n\ngo 1.21\n")
    directory = tmp_path / package
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "main.go").write_text("package main\n\nfunc main() {}\n")
    import_path = module_path if package == "." else f"{module_path}/{package}"

    assert module.executable_name(import_path) == built_name(go, tmp_path, f"./{package}")


def test_a_binary_of_files_is_named_after_the_first_as_by_go(go: Go, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/foo\n\ngo 1.21\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/zmain.go").write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "sub/extra.go").write_text("package main\n")
    files = ("sub/zmain.go", "sub/extra.go")

    assert module.executable_name_of_files(files) == built_name(go, tmp_path, *files)


def built_name(go: Go, app: Path, *targets: str) -> str:
    """Return what the real go calls the binary of the targets, without linking it."""
    planned = go.run("build", "-n", "-o", "out/", *targets, cwd=app)
    (name,) = {
        line.rpartition("out/")[2].strip()
        for line in planned.stderr.splitlines()
        if line.startswith("mv ") and "out/" in line
    }
    return name
