"""Which of Go's modes an app is built in, and from where."""

from collections.abc import Mapping

import pytest

from gobp.buildpack.app.layout import AppLayout, Mode, Vendor, read_layout
from gobp.errors import UserError
from tests.fakes.memory_tree import MemoryTree


def layout(files: list[str], env: Mapping[str, str] | None = None) -> AppLayout:
    return read_layout(MemoryTree(dict.fromkeys(files, "")), env or {})


def test_an_app_without_module_files_is_built_in_gopath_mode() -> None:
    assert layout(["main.go"]) == AppLayout(Mode.GOPATH, "", "", (), Vendor.ABSENT)


def test_an_app_with_go_mod_is_a_module() -> None:
    found = layout(["go.mod", "vendor/modules.txt"])

    assert found == AppLayout(Mode.MODULE, "", "", ("go.mod",), Vendor.OF_GO)


def test_a_folder_within_a_module_is_built_as_a_part_of_it() -> None:
    found = layout(["go.mod", "cmd/app/main.go"], {"BP_GO_WORKDIR": "cmd/app"})

    assert (found.mode, found.workdir, found.root) == (Mode.MODULE, "cmd/app", "")


def test_a_vendor_folder_that_go_did_not_fill_is_told_apart() -> None:
    assert layout(["go.mod", "vendor/jquery.js"]).vendor is Vendor.OTHER


def test_the_nearest_module_counts() -> None:
    found = layout(["go.mod", "svc/go.mod", "svc/vendor/modules.txt"], {"BP_GO_WORKDIR": "./svc/"})

    assert found == AppLayout(Mode.MODULE, "svc", "svc", ("svc/go.mod",), Vendor.OF_GO)


def test_a_workspace_counts_before_the_modules_in_it() -> None:
    files = ["go.work", "svc/go.mod"]

    alone = layout(files, {"BP_GO_WORKDIR": "svc", "GOWORK": "off"})

    assert layout(files, {"BP_GO_WORKDIR": "svc"}).version_files == ("go.work",)
    assert alone.version_files == ("svc/go.mod",)


def test_a_workspace_is_made_of_the_folders_that_the_user_names() -> None:
    found = layout(["a/go.mod", "b/go.mod"], {"BP_GO_WORK_USE": "./a::b"})

    assert found.use == ("./a", "b")
    assert found.mode is Mode.WORKSPACE
    assert found.version_files == ("a/go.mod", "b/go.mod")


def test_a_workspace_that_is_there_keeps_naming_the_version_when_folders_are_added() -> None:
    found = layout(["go.work", "a/go.mod", "b/go.mod"], {"BP_GO_WORK_USE": "b"})

    assert found.version_files == ("go.work",)


@pytest.mark.parametrize("name", ["BP_GO_WORKDIR", "BP_GO_WORK_USE"])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc", "outside the app"),
        ("../up", "outside the app"),
        ("a/../../up", "outside the app"),
        ("..", "outside the app"),
        ("nope", "no such folder"),
        ("go.mod", "no such folder"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_by_the_name_of_its_variable(
    name: str, path: str, reason: str
) -> None:
    with pytest.raises(UserError, match=f"{name} names .*{reason}"):
        layout(["go.mod", "a/go.mod"], {name: path})


def test_a_folder_whose_name_begins_with_two_dots_is_inside() -> None:
    assert layout(["..odd/go.mod"], {"BP_GO_WORKDIR": "..odd"}).root == "..odd"
