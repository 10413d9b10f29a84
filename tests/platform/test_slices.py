import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.platform.slices import compile_pattern, slice_paths

APP = ["", "a.txt", "static", "static/css", "static/css/x.css", "static/y.js", "sub", "sub/z.txt"]


def test_without_slices_everything_is_in_one_layer() -> None:
    assert slice_paths(APP, []) == [APP]


def test_a_matched_folder_takes_its_whole_tree_and_repeats_the_folders_above() -> None:
    first, rest = slice_paths(APP, [["static/css"]])

    assert first == ["", "static", "static/css", "static/css/x.css"]
    assert rest == ["", "a.txt", "static", "static/y.js", "sub", "sub/z.txt"]


def test_a_folder_whose_content_is_all_in_slices_is_not_in_the_last_layer() -> None:
    _, rest = slice_paths(APP, [["static/*"]])

    assert rest == ["", "a.txt", "sub", "sub/z.txt"]


def test_the_last_layer_is_there_even_when_nothing_is_left() -> None:
    assert slice_paths(APP, [["*"]]) == [APP, []]


def test_a_path_stays_in_the_first_slice_that_takes_it() -> None:
    first, second, _ = slice_paths(APP, [["sub/z.txt"], ["sub/*", "*.txt"]])

    assert first == ["", "sub", "sub/z.txt"]
    assert second == ["", "a.txt"]


def test_layers_are_sorted_by_the_bytes_of_whole_paths() -> None:
    assert slice_paths(["", "a", "a/b", "a.b"], []) == [["", "a", "a.b", "a/b"]]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.txt", "a.txt", True),
        ("*.txt", "sub/a.txt", False),
        ("**", "sub/a.txt", False),
        ("sub/", "sub", True),
        ("./sub", "sub", True),
        ("?.txt", "/.txt", False),
        ("[a-c].txt", "b.txt", True),
        ("[^a-c].txt", "b.txt", False),
        ("[^a].txt", "/.txt", False),
        (r"\*.txt", "*.txt", True),
        (r"\*.txt", "a.txt", False),
        ("a+b(1)", "a+b(1)", True),
    ],
)
def test_patterns_mean_what_they_mean_to_go(pattern: str, path: str, *, matches: bool) -> None:
    assert (compile_pattern(pattern).fullmatch(path) is not None) is matches


@pytest.mark.parametrize("pattern", ["[a", "[]", "a\\", "[z-a]"])
def test_a_pattern_that_go_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(UserError, match="pattern that cannot be read"):
        compile_pattern(pattern)


segments = st.lists(st.sampled_from(["a", "b", "c.txt"]), min_size=1, max_size=3)
patterns = st.sampled_from(["*", "a", "a/*", "*/b", "*.txt", "b/c.txt", "a/b"])


@given(st.lists(segments), st.lists(st.lists(patterns, max_size=2), max_size=3))
def test_every_file_is_in_exactly_one_layer(
    files: list[list[str]], slices: list[list[str]]
) -> None:
    paths = {"/".join(file[:count]) for file in files for count in range(len(file) + 1)} | {""}
    leaves = {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    leaves.discard("")

    layers = slice_paths(paths, slices)

    assert len(layers) == len(slices) + 1
    assert sorted(path for layer in layers for path in layer if path in leaves) == sorted(leaves)
