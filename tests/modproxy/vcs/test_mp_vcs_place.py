import pytest

from gobp.modproxy.sources.source import NotFoundError
from gobp.modproxy.vcs.gomod import Retractions, module_path
from gobp.modproxy.vcs.layout import find_folder
from gobp.modproxy.vcs.place import Place, Root

ROOT = Root("example.com/m", "https://example.com/m.git")


def place(module: str, root: Root = ROOT) -> Place:
    return Place.of(module, root)


def mod(path: str) -> bytes:
    return f"module {path}\n".encode()


@pytest.mark.parametrize(
    ("module", "folder", "major_folder"),
    [
        ("example.com/m", "", ""),
        ("example.com/m/v2", "", "v2"),
        ("example.com/m/sub", "sub", ""),
        ("example.com/m/sub/v3", "sub", "sub/v3"),
    ],
)
def test_a_module_is_where_its_path_says(module: str, folder: str, major_folder: str) -> None:
    found = place(module)

    assert (found.folder, found.major_folder) == (folder, major_folder)


def test_a_page_may_name_the_folder_of_a_module() -> None:
    root = Root("example.com/m", "https://example.com/m.git", "go/lib")

    assert place("example.com/m", root).folder == "go/lib"
    assert place("example.com/m/v2", root).major_folder == "go/lib/v2"
    assert place("example.com/m/sub", root).folder == "sub/go/lib"


def test_a_repository_for_one_major_version_has_no_folder_for_it() -> None:
    root = Root("example.com/m/v2", "https://example.com/m2.git")

    assert place("example.com/m/v2", root).major_folder == ""


@pytest.mark.parametrize(
    ("module", "version", "fits"),
    [
        ("example.com/m", "v1.2.3", True),
        ("example.com/m", "v2.0.0", False),
        ("example.com/m", "v2.0.0+incompatible", False),
        ("example.com/m/v2", "v2.0.0", True),
        ("example.com/m/v2", "v1.0.0", False),
    ],
)
def test_which_versions_a_path_allows(module: str, version: str, *, fits: bool) -> None:
    assert place(module).fits(version) is fits


def test_unstable_paths_of_gopkg_in_have_no_tags() -> None:
    root = Root("gopkg.in/yaml.v2-unstable", "https://gopkg.in/yaml.v2-unstable")
    unstable = place("gopkg.in/yaml.v2-unstable", root)

    assert unstable.tagged({"v2.0.0": "a" * 40}) == {}
    assert unstable.major_version == "v2"


def test_the_go_mod_file_says_which_folder_a_major_version_is_in() -> None:
    module = place("example.com/m/v2")

    assert find_folder(module, mod("example.com/m/v2"), None).folder == ""
    assert find_folder(module, mod("example.com/m"), mod("example.com/m/v2")).folder == "v2"
    assert find_folder(module, None, mod("fork.example.com/x/v2")).folder == "v2"


@pytest.mark.parametrize(
    ("module", "here", "of_major"),
    [
        ("example.com/m/v2", "example.com/m/v2", "example.com/m/v2"),
        ("example.com/m/v2", "example.com/m", None),
        ("example.com/m/v2", None, None),
        ("example.com/m/v2", "example.com/m/v2", "example.com/m/v3"),
        ("example.com/m/sub", None, None),
        ("example.com/m", "example.com/m/v2", None),
        ("example.com/m", "", None),
    ],
)
def test_what_is_of_no_or_of_another_major_version_is_not_found(
    module: str, here: str | None, of_major: str | None
) -> None:
    files = [mod(path) if path is not None else None for path in (here, of_major)]

    with pytest.raises(NotFoundError, match=module):
        find_folder(place(module), *files)


def test_a_repository_without_go_mod_is_a_module_of_its_root_only() -> None:
    assert find_folder(place("example.com/m"), None, None).go_mod is None


def test_paths_of_gopkg_in_stand_for_those_without_a_version() -> None:
    assert find_folder(place("example.com/m"), mod("gopkg.in/m.v2"), None).folder == ""


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("module example.com/m\n", "example.com/m"),
        ('// a\n\n  module\t"example.com/m" // b\r\ngo 1.2\n', "example.com/m"),
        ("module `example.com/m`", "example.com/m"),
        ("modules x\n", ""),
        ("// module x\n", ""),
        ("module // nothing\n", ""),
        ('module "unclosed\n', ""),
        ("", ""),
    ],
)
def test_the_module_line_is_read_whatever_else_there_is(text: str, path: str) -> None:
    assert module_path(text.encode()) == path


def test_retractions_are_spans_and_none_of_a_file_that_is_not_right() -> None:
    text = b"module example.com/m\nretract [v1.0.1, v1.0.3]\nretract v2.0.0-rc.1\n"
    retractions = Retractions.parse(text)

    retracted = ["v1.0.1", "v1.0.2", "v1.0.3", "v2.0.0-rc.1"]
    assert [v for v in (*retracted, "v1.0.0", "v1.0.4", "v2.0.0") if retractions.include(v)] == (
        retracted
    )
    assert not Retractions.parse(b"retract nonsense ( [").include("v1.0.0")
