from posixpath import dirname

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.modzip import (
    MOST_BYTES,
    MOST_GO_MOD_BYTES,
    MOST_LICENSE_BYTES,
    FileKind,
    RepositoryFile,
    check_zip,
    choose_files,
    fold,
    language_version,
)

MODULE, VERSION = "example.com/m", "v1.0.0"
PREFIX = f"{MODULE}@{VERSION}/"


def problem_of(*names: str, size: int = 1) -> str:
    return check_zip(MODULE, VERSION, [(PREFIX + name, size) for name in names]).problem


def chosen(*paths: str, go_mod: str = "") -> tuple[str, ...]:
    return choose_files([RepositoryFile(path, 1) for path in paths], go_mod).valid


def test_ordinary_files_and_folders_are_a_module() -> None:
    names = ("", "go.mod", "LICENSE", "a/b/", "a/b/c.go", "a/été.txt", ".github/x", "a b.txt")
    entries = [(PREFIX + name, 1) for name in names]

    verdict = check_zip(MODULE, VERSION, entries)

    assert verdict.problem == ""
    assert verdict.valid == tuple(PREFIX + name for name in names if name and name[-1] != "/")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../x.go", "dot"),
        ("a//b.go", "clean"),
        ("/a.go", "clean"),
        ("./a.go", "clean"),
        ("a/./b.go", "clean"),
        ("a:b.go", "not allowed"),
        ("a\\b.go", "not allowed"),
        ("a\x00.go", "not allowed"),
        ("a\u2028.go", "not allowed"),
        ("don't.go", "not allowed"),
        ("a./b.go", "ends in a dot"),
        ("a.go.", "ends in a dot"),
        ("aux.go", "device"),
        ("x/CON", "device"),
        ("GO.MOD", "lower case"),
        ("sub/go.mod", "root"),
        ("sub/Go.Mod", "root"),
    ],
)
def test_a_name_that_breaks_a_rule_is_told(name: str, reason: str) -> None:
    assert reason in problem_of("go.mod", name)
    assert name in problem_of("go.mod", name)


def test_an_entry_outside_of_the_module_is_told() -> None:
    assert PREFIX in check_zip(MODULE, VERSION, [("example.com/m@v1.0.1/a.go", 1)]).problem


@pytest.mark.parametrize(
    "names",
    [
        ("a.go", "A.go"),
        ("a/x.go", "A/y.go"),
        ("K.go", "\u212a.go"),  # the sign for Kelvin
        ("ß.go", "\u1e9e.go"),
    ],
)
def test_names_that_differ_in_case_only_collide(names: tuple[str, ...]) -> None:
    assert "same where upper and lower case are" in problem_of(*names)


def test_letters_that_only_fold_to_several_do_not_collide() -> None:
    assert problem_of("ß.go", "ss.go") == ""


def test_a_name_is_there_once_and_either_file_or_folder() -> None:
    assert "several files" in problem_of("a.go", "a.go")
    assert "both a file and a folder" in problem_of("a", "a/b.go")
    assert "both a file and a folder" in problem_of("a/b.go", "a")
    assert problem_of("a/", "a/", "a/b.go", "a/c.go") == ""


@pytest.mark.parametrize(
    ("name", "most"),
    [("go.mod", MOST_GO_MOD_BYTES), ("LICENSE", MOST_LICENSE_BYTES), ("a.go", MOST_BYTES)],
)
def test_sizes_are_bounded(name: str, most: int) -> None:
    assert problem_of(name, size=most) == ""
    assert str(most) in problem_of(name, size=most + 1)


def test_all_files_together_are_bounded() -> None:
    assert problem_of("a", "b", size=MOST_BYTES // 2) == ""
    assert str(MOST_BYTES) in problem_of("a", "b", size=MOST_BYTES // 2 + 1)


def test_nested_modules_are_left_out() -> None:
    paths = ("go.mod", "a.go", "sub/go.mod", "sub/deep/b.go", "subway/c.go", "x/GO.MOD", "x/y.go")

    assert chosen(*paths) == ("go.mod", "a.go", "subway/c.go")


def test_a_symlink_named_go_mod_makes_no_module() -> None:
    files = [RepositoryFile("sub/go.mod", 1, FileKind.SYMLINK), RepositoryFile("sub/a.go", 1)]

    verdict = choose_files(files, "")

    assert verdict.valid == ("sub/a.go",)
    assert [misfit.path for misfit in verdict.omitted] == ["sub/go.mod"]


@pytest.mark.parametrize(
    ("path", "before_1_24", "since_1_24"),
    [
        ("vendor/modules.txt", True, False),
        ("vendor/a.go", True, True),
        ("vendor/x/y.go", False, False),
        ("pkg/vendor/v.go", False, True),
        ("pkg/vendor/x/y.go", False, False),
        ("vendored/x/y.go", True, True),
    ],
)
def test_the_rule_for_vendored_files_is_that_of_the_go_line(
    path: str, *, before_1_24: bool, since_1_24: bool
) -> None:
    assert bool(chosen(path)) is before_1_24
    assert bool(chosen(path, go_mod="module m\n\ngo 1.23.9\n")) is before_1_24
    assert bool(chosen(path, go_mod="module m\n\ngo 1.24.0 // new\n")) is since_1_24


def test_what_mercurial_adds_is_left_out() -> None:
    assert chosen(".hg_archival.txt", "sub/.hg_archival.txt") == ("sub/.hg_archival.txt",)


def test_a_repository_with_a_name_that_no_zip_may_have_makes_none() -> None:
    verdict = choose_files([RepositoryFile("a.go", 1), RepositoryFile("b?.go", 1)], "")

    assert "b?.go" in verdict.problem


def test_a_bad_name_in_a_nested_module_does_not_matter() -> None:
    assert not choose_files(
        [RepositoryFile("s/go.mod", 1), RepositoryFile("s/b?.go", 1)], ""
    ).problem


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("", (0, 0)),
        ("module m\ngo 1.24\n", (1, 24)),
        ("go 1.23.4", (1, 23)),
        ("\tgo v1.22rc1 // as it was", (1, 22)),
        ("// go 1.24\n", (0, 0)),
        ("unknown thing (\n)\ngo 1.24\r\n", (1, 24)),
    ],
)
def test_the_go_line_is_read_whatever_else_there_is(text: str, version: tuple[int, int]) -> None:
    assert language_version(text) == version


@given(st.text())
def test_folding_hides_case_and_nothing_is_folded_twice(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert len(fold(text)) == len(text)


NAMES = st.sampled_from(["a", "A", "b", "go.mod", "GO.MOD", "vendor", "aux", "é"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(st.lists(PATHS), st.sampled_from(["", "go 1.23\n", "go 1.24\n"]))
def test_what_is_chosen_makes_a_zip_that_keeps_the_rules(paths: list[str], go_mod: str) -> None:
    verdict = choose_files([RepositoryFile(path, 1) for path in paths], go_mod)

    if not verdict.problem:
        assert problem_of(*verdict.valid) == ""
    nested = {dirname(path) for path in paths if path.lower().endswith("go.mod")} - {""}
    assert not [path for path in verdict.valid if dirname(path) in nested]
