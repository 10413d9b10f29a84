"""Which programs are found in an app, and how BP_GO_TARGETS is read."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.buildpack.app.layout import Mode, read_layout
from gobp.buildpack.go_build.targets import (
    Programs,
    chosen_targets,
    find_programs,
    wished_targets,
)
from gobp.errors import UserError
from gobp.golang.sourcefile import BuildTarget
from gobp.system.files import DirectoryTree
from tests.fakes.memory_tree import MemoryTree

MAIN = "package main\n\nfunc main() {}\n"
LIBRARY = "package lib\n"
LINUX = BuildTarget("amd64")


def found(
    files: Mapping[str, str],
    env: Mapping[str, str] | None = None,
    target: BuildTarget = LINUX,
) -> Programs:
    app = MemoryTree({"go.mod": "module example.com/app", **files})
    return find_programs(app, read_layout(app, env or {}), target)


def targets(files: Mapping[str, str], env: Mapping[str, str]) -> tuple[str, ...]:
    app = MemoryTree({"go.mod": "module example.com/app", **files})
    layout = read_layout(app, env)
    return chosen_targets(app, layout, wished_targets(app, layout, env))


def test_a_program_at_the_root_is_the_one_even_where_there_are_others() -> None:
    programs = found({"main.go": MAIN, "cmd/tool/main.go": MAIN})

    assert programs.chosen == (".",)
    assert programs.all == (".", "./cmd/tool")


def test_a_library_at_the_root_with_commands_and_a_nested_module_is_built_as_age_is() -> None:
    programs = found(
        {
            "age.go": LIBRARY,
            "cmd/age/age.go": MAIN,
            "cmd/age-keygen/keygen.go": MAIN,
            "cmd/age-plugin/plugin.go": MAIN,
            "extra/age-pass/main.go": MAIN,
            "internal/term/term.go": LIBRARY,
            "internal/gen/main.go": MAIN,
            "tests/testdata/main.go": MAIN,
            "plugin/go.mod": "module example.com/plugin",
            "plugin/main.go": MAIN,
        }
    )

    assert programs.chosen == ("./cmd/age", "./cmd/age-keygen", "./cmd/age-plugin")
    assert programs.reason == "package main below cmd"
    assert programs.all == (*programs.chosen, "./extra/age-pass", "./internal/gen")


def test_the_program_called_web_comes_first() -> None:
    programs = found({"cmd/api/m.go": MAIN, "cmd/web/m.go": MAIN, "cmd/worker/m.go": MAIN})

    assert programs.chosen == ("./cmd/web", "./cmd/api", "./cmd/worker")


def test_commands_below_a_folder_of_the_app_count_as_commands() -> None:
    assert found({"server/cmd/web/m.go": MAIN, "other/m.go": MAIN}).chosen == ("./server/cmd/web",)


def test_programs_elsewhere_are_built_where_there_are_no_commands() -> None:
    assert found({"server/m.go": MAIN, "examples/hello/m.go": MAIN}).chosen == ("./server",)


@pytest.mark.parametrize(
    "folder", ["examples/a", "tools/a", "internal/a", "test/e2e", "docs", "scripts", "cmd/internal"]
)
def test_programs_for_an_apps_authors_are_found_but_not_chosen(folder: str) -> None:
    programs = found({f"{folder}/m.go": MAIN})

    assert programs == Programs((), (f"./{folder}",), "no package main")


@pytest.mark.parametrize(
    "path",
    [
        "vendor/example.com/x/m.go",
        "testdata/m.go",
        "a/testdata/m.go",
        "node_modules/x/m.go",
        "_old/m.go",
        ".hidden/m.go",
        "a/main_test.go",
        "a/main.txt",
        "a/main_windows.go",
        "a/main_arm64.go",
        "a/_main.go",
        "nested/go.mod/../m.go",
    ],
)
def test_places_and_files_that_go_does_not_build_are_not_searched(path: str) -> None:
    files = {path: MAIN}
    if "go.mod" in path:
        files = {"nested/go.mod": "module nested", "nested/m.go": MAIN}

    assert found(files).all == ()


@pytest.mark.parametrize(
    ("constraint", "chosen"),
    [
        ("ignore", ()),
        ("linux", ("./cmd/a",)),
        ("!linux", ()),
        ("linux && amd64", ("./cmd/a",)),
        ("windows || amd64", ("./cmd/a",)),
        ("tools", ()),
        ("go1.99", ("./cmd/a",)),
    ],
)
def test_build_constraints_decide_whether_a_program_counts(
    constraint: str, chosen: tuple[str, ...]
) -> None:
    assert found({"cmd/a/m.go": f"//go:build {constraint}\n\n{MAIN}"}).chosen == chosen


def test_tags_of_the_build_let_guarded_programs_count() -> None:
    files = {"cmd/a/m.go": f"//go:build paketo\n\n{MAIN}"}

    assert found(files, target=BuildTarget("amd64", frozenset({"paketo"}))).chosen == ("./cmd/a",)


def test_a_guarded_program_beside_a_library_does_not_make_the_folder_a_program() -> None:
    assert found({"lib.go": LIBRARY, "gen.go": f"//go:build ignore\n\n{MAIN}"}).all == ()


def test_the_folder_to_build_is_what_targets_are_relative_to() -> None:
    files = {"svc/go.mod": "module svc", "svc/cmd/a/m.go": MAIN, "cmd/b/m.go": MAIN}

    assert found(files, {"BP_GO_WORKDIR": "svc"}).chosen == ("./cmd/a",)


def test_every_module_of_a_workspace_is_searched() -> None:
    app = MemoryTree(
        {
            "go.work": "go 1.26\n\nuse (\n\t./api\n\t./lib\n)\n",
            "api/go.mod": "module api",
            "api/main.go": MAIN,
            "lib/go.mod": "module lib",
            "lib/cmd/tool/main.go": MAIN,
            "unused/go.mod": "module unused",
            "unused/main.go": MAIN,
        }
    )
    layout = read_layout(app, {})

    assert layout.mode is Mode.WORKSPACE
    assert find_programs(app, layout, LINUX).all == ("./api", "./lib/cmd/tool")


def test_a_workspace_that_names_folders_that_are_not_there_is_searched_without_them() -> None:
    app = MemoryTree({"go.work": "go 1.26\n\nuse (\n\t./gone\n\t../outside\n)\n", "main.go": MAIN})

    assert find_programs(app, read_layout(app, {}), LINUX).all == (".",)


def test_a_workspace_to_be_made_is_searched_where_the_user_says() -> None:
    app = MemoryTree({"a/main.go": MAIN, "b/main.go": MAIN, "c/main.go": MAIN})
    layout = read_layout(app, {"BP_GO_WORK_USE": "./a:b"})

    assert find_programs(app, layout, LINUX).all == ("./a", "./b")


def test_large_foreign_and_dangling_files_do_not_stop_the_search(tmp_path: Path) -> None:
    (tmp_path / "cmd/a").mkdir(parents=True)
    (tmp_path / "cmd/a/main.go").write_text(MAIN)
    (tmp_path / "data.go").write_bytes(b"package data\n" + bytes(5 * 1024 * 1024))
    (tmp_path / "latin.go").write_bytes(b"// caf\xe9\npackage data\n")
    (tmp_path / "dangling.go").symlink_to("nowhere")
    (tmp_path / "folder.go").symlink_to("cmd")
    os.mkfifo(tmp_path / "pipe.go")
    app = DirectoryTree(tmp_path)

    assert find_programs(app, read_layout(app, {}), LINUX).all == ("./cmd/a",)


FILES = {"main.go": MAIN, "cmd/web/m.go": MAIN, "first/m.go": MAIN, "second/m.go": MAIN}


@pytest.mark.parametrize(
    ("named", "arguments"),
    [
        ("", ()),
        (" : ", ()),
        ("first:./second", ("./first", "./second")),
        ("first/:first/../second", ("./first", "./second")),
        (".", (".",)),
        ("./", (".",)),
        ("./...", ("./...",)),
        ("...", ("./...",)),
        ("./cmd/...", ("./cmd/...",)),
        ("cmd/...", ("./cmd/...",)),
        ("main.go", ("./main.go",)),
        ("example.com/app/cmd/web", ("example.com/app/cmd/web",)),
        ("example.com/app/...", ("example.com/app/...",)),
    ],
)
def test_named_targets_become_arguments_of_go_build(named: str, arguments: tuple[str, ...]) -> None:
    assert targets(FILES, {"BP_GO_TARGETS": named}) == arguments


def test_a_folder_whose_name_begins_with_dots_is_a_folder() -> None:
    files = {".hidden/m.go": MAIN, "..odd/m.go": MAIN}

    assert targets(files, {"BP_GO_TARGETS": ".hidden:..odd"}) == ("./.hidden", "./..odd")


def test_a_target_may_lie_beside_the_folder_to_build() -> None:
    files = {"svc/m.go": MAIN, "tool/m.go": MAIN}
    env = {"BP_GO_WORKDIR": "svc", "BP_GO_TARGETS": "../tool"}

    assert targets(files, env) == ("../tool",)


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("/abs", "is an absolute path"),
        ("../up", "is outside the app"),
        ("cmd/../../up", "is outside the app"),
        ("nope", "does not exist"),
        ("./example.com/app", "does not exist"),
        ("cmd/nope/...", "does not exist"),
    ],
)
def test_a_target_that_cannot_be_is_refused_with_the_programs_that_are_there(
    named: str, reason: str
) -> None:
    with pytest.raises(UserError, match=reason) as caught:
        targets(FILES, {"BP_GO_TARGETS": named})

    assert caught.value.detail == "programs found in the app: ., ./cmd/web, ./first, ./second"
