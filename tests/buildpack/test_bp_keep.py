"""BP_KEEP_FILES: what stays of an app. Vectors of Paketo's behaviour in our own words."""

import fnmatch
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.source_removal.keep import read_keep_files, removals
from gobp.errors import UserError
from tests.fakes.memory_tree import MemoryTree

APP = (
    ".env",
    "assets/a.css",
    "assets/sub/b.html",
    "assets/sub/deep/c.html",
    "assets/sub/deep/d.txt",
    "cmd/main.go",
    "go.mod",
)


def kept(globs: str, files: tuple[str, ...] = APP) -> set[str]:
    """Return the files that are left when all that is to be removed is removed."""
    tree = MemoryTree(dict.fromkeys(files, ""))
    gone = [*removals(tree, read_keep_files({"BP_KEEP_FILES": globs}))]
    return {f for f in files if not any(f == path or f.startswith(f"{path}/") for path in gone)}


ASSETS = {path for path in APP if path.startswith("assets/")}


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        ("", set()),
        (":", set()),
        ("assets", ASSETS),
        ("assets/", ASSETS),
        ("./assets", ASSETS),
        ("/assets", ASSETS),
        ("assets/*", ASSETS),
        ("assets/**", ASSETS),
        ("assets/**/*", ASSETS),
        ("assets/*.css", {"assets/a.css"}),
        ("assets/**/*.html", {"assets/sub/b.html", "assets/sub/deep/c.html"}),
        ("**/*.html", {"assets/sub/b.html", "assets/sub/deep/c.html"}),
        ("assets/*.html", set()),
        ("assets/sub", {path for path in APP if path.startswith("assets/sub/")}),
        ("assets/*/deep", {path for path in APP if "/deep/" in path}),
        ("*", set(APP)),
        ("**", set(APP)),
        (".", set(APP)),
        ("./", set(APP)),
        ("/", set(APP)),
        (".env", {".env"}),
        (".e?v", {".env"}),
        ("[.]env", {".env"}),
        ("go.mod:assets/[ab].css", {"go.mod", "assets/a.css"}),
        ("assets/[^b].css", {"assets/a.css"}),
        (r"go\.mod", {"go.mod"}),
        ("cmd/../go.mod", {"go.mod"}),
        ("gone", set()),
        ("asset", set()),
        ("ssets/a.css", set()),
    ],
)
def test_a_glob_keeps_files_and_whole_folders(globs: str, expected: set[str]) -> None:
    assert kept(globs) == expected


def test_two_globs_keep_both_and_not_their_neighbours() -> None:
    files = (
        "some-dir/some-other-dir/a",
        "some-dir/some-other-dir/b/c",
        "some-dir/some-file",
        "some-file",
    )

    assert kept("some-dir/some-other-dir/*:some-file", files) == {
        "some-dir/some-other-dir/a",
        "some-dir/some-other-dir/b/c",
        "some-file",
    }


def test_a_set_of_characters_never_matches_a_slash() -> None:
    assert kept("a[.-0]b", ("a/b", "a.b")) == {"a.b"}
    assert kept("a[^x]b", ("a/b", "a.b")) == {"a.b"}


def test_signs_of_set_operations_are_plain_characters() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        assert kept("[[&&a||]", ("&", "[", "|", "b")) == {"&", "[", "|"}


@pytest.mark.parametrize("glob", ["[", "a[b", "\\", "a/\\", "[z-a]", "..", "../x", "a/../../x"])
def test_a_glob_that_cannot_be_read_is_refused_before_anything_runs(glob: str) -> None:
    with pytest.raises(UserError, match="BP_KEEP_FILES holds"):
        read_keep_files({"BP_KEEP_FILES": f"assets:{glob}"})


@pytest.mark.parametrize("glob", ["**/" * 200 + "x", "*a" * 100 + "b", "?*" * 100 + "b"])
def test_a_glob_made_to_take_for_ever_does_not(glob: str) -> None:
    deep = "/".join("a" * 50) + "/" + "a" * 200

    assert kept(glob, (deep,)) == set()


names = st.sampled_from(["a", "b", "ab", ".c"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@st.composite
def trees(draw: st.DrawFn) -> tuple[str, ...]:
    """Draw files of which none is a folder of another."""
    files: list[str] = []
    for path in draw(st.lists(paths, min_size=1, max_size=8, unique=True)):
        if not any(f.startswith(f"{path}/") or path.startswith(f"{f}/") for f in files):
            files.append(path)
    return tuple(files)


@given(trees(), paths)
def test_a_path_without_signs_keeps_itself_and_what_is_below(
    files: tuple[str, ...], path: str
) -> None:
    expected = {f for f in files if f == path or f.startswith(f"{path}/")}

    assert kept(path, files) == kept(f"{path}/", files) == expected


@given(trees(), st.lists(st.sampled_from(["*", "a", "?b", "**", ".c"]), min_size=1, max_size=3))
def test_more_globs_never_keep_less(files: tuple[str, ...], parts: list[str]) -> None:
    glob = "/".join(parts)

    assert kept(glob, files) | kept("a", files) == kept(f"{glob}:a", files)


@given(trees(), st.text("ab.*?", min_size=1, max_size=4).filter(lambda g: g not in {".", ".."}))
def test_a_glob_for_the_top_matches_as_the_shells_do(files: tuple[str, ...], glob: str) -> None:
    if "**" in glob and glob.strip("*") == "":
        glob = "*"

    expected = {f for f in files if fnmatch.fnmatchcase(f.partition("/")[0], glob)}

    assert kept(glob, files) == expected
