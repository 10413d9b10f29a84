"""The go command around a build: its environment, what it lists, the cache it leaves."""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.component import BuildContext, DetectContext, Host
from gobp.buildpack.go import swept_cache
from gobp.buildpack.go.command import capture_go, go_environment, run_go
from gobp.buildpack.go.gopath import import_path
from gobp.buildpack.go_build.binaries import Package, binary_names, parse_packages
from gobp.buildpack.go_build.build import build, go_build_argv
from gobp.buildpack.layers import Layers
from gobp.buildpack.reporting.report import Recorder
from gobp.buildpack.session import Session
from gobp.cnb.launch import Launch
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.system.files import DirectoryTree
from gobp.system.process import Captured
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.scripted_commands import Effect, ScriptedCommands

Answers = Mapping[tuple[str, ...], Captured]
APP = Path("/workspace")


def environment(**env: str) -> dict[str, str]:
    return go_environment(env, APP)


def test_go_stays_the_one_that_was_chosen_and_leaves_files_that_can_be_removed() -> None:
    env = environment(GOFLAGS="-mod=mod", GOTOOLCHAIN="auto", HOME="/root")

    assert env["GOTOOLCHAIN"] == "local"
    assert env["GOFLAGS"] == "-mod=mod -modcacherw"
    assert env["HOME"] == "/root"
    assert environment(GOFLAGS="-modcacherw=false")["GOFLAGS"] == "-modcacherw=false"


def test_git_may_read_the_app_and_keeps_what_it_was_told() -> None:
    first = environment()
    assert (first["GIT_CONFIG_COUNT"], first["GIT_CONFIG_KEY_0"]) == ("1", "safe.directory")

    second = environment(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="a", GIT_CONFIG_VALUE_0="b")
    assert second["GIT_CONFIG_KEY_0"] == "a"
    assert second["GIT_CONFIG_VALUE_1"] == "/workspace"
    assert second["GIT_CONFIG_COUNT"] == "2"
    assert environment(GIT_CONFIG_COUNT="odd")["GIT_CONFIG_COUNT"] == "1"


def context(
    root: Path,
    answers: Mapping[tuple[str, ...], Captured],
    env: Mapping[str, str] | None = None,
    effect: Effect | None = None,
) -> tuple[BuildContext, io.StringIO]:
    said = io.StringIO()
    app = root / "app"
    app.mkdir(exist_ok=True)
    variables = env or {}
    commands = ScriptedCommands(answers, effect)
    return (
        BuildContext(
            facts=DetectContext(DirectoryTree(app), variables),
            app_dir=app,
            buildpack_dir=root,
            metadata={},
            env=variables,
            entries=(),
            layers=Layers(root / "layers"),
            session=Session(root),
            host=Host("amd64", commands, MemoryFetcher({})),
            log=BuildLog(said),
            report=Recorder(),
        ),
        said,
    )


def test_a_command_that_runs_shows_itself_its_output_and_its_end(tmp_path: Path) -> None:
    made, said = context(tmp_path, {("go",): Captured(0, "one\ntwo\n", "")})

    run_go(made, ("go", "build", "-ldflags=-X a=b"), cwd=tmp_path, env={})

    lines = said.getvalue().splitlines()
    assert lines[:3] == ["    Running 'go build '-ldflags=-X a=b''", "      one", "      two"]
    assert lines[3].startswith("      Completed in ")


def test_a_command_that_fails_is_explained_from_its_output(tmp_path: Path) -> None:
    output = "go: missing go.sum entry for go.mod file\n"
    made, said = context(tmp_path, {("go",): Captured(1, "", output)})

    with pytest.raises(UserError, match=r"go\.sum has no entry") as caught:
        run_go(made, ("go", "mod", "vendor"), cwd=tmp_path, env={})

    assert caught.value.detail.startswith("go mod vendor: ")
    assert said.getvalue().splitlines()[-1].startswith("      Failed after ")


def test_a_captured_command_that_fails_shows_what_it_said(tmp_path: Path) -> None:
    made, said = context(tmp_path, {("go",): Captured(1, "", "no Go files in /workspace/a\n")})

    with pytest.raises(UserError, match="there are no Go files in /workspace/a"):
        capture_go(made, ("go", "list", "-find", "./a"), cwd=tmp_path, env={})

    assert said.getvalue() == (
        "    Running 'go list -find ./a'\n      no Go files in /workspace/a\n"
    )


def main_package(path: str) -> Package:
    return Package(path, "main")


class TestBinaries:
    def test_what_go_list_prints_is_read(self) -> None:
        output = '{\n\t"ImportPath": "a/b",\n\t"Name": "main"\n}\n{"ImportPath": "c"}\n'

        assert parse_packages(output) == (Package("a/b", "main"), Package("c", ""))
        assert parse_packages("") == ()

    @given(st.lists(st.tuples(st.text(), st.text()), max_size=4))
    def test_any_number_of_objects_is_read(self, pairs: list[tuple[str, str]]) -> None:
        output = "\n".join(json.dumps({"ImportPath": p, "Name": n}, indent="\t") for p, n in pairs)

        assert parse_packages(output) == tuple(Package(p, n) for p, n in pairs)

    def test_programs_are_named_as_go_names_them_in_the_order_of_the_targets(self) -> None:
        packages = [main_package(p) for p in ("example.com/foo/v2", "myapp", "a.b/cmd/x", "v2")]

        assert binary_names(packages, ("./...",)) == ("foo", "myapp", "x", "v2")

    def test_files_are_named_after_the_first(self) -> None:
        files = [main_package("command-line-arguments")]

        assert binary_names(files, ("./server.go", "./util.go")) == ("server",)

    def test_two_programs_of_one_name_are_refused_with_both_paths(self) -> None:
        packages = [main_package("a/cmd/web"), main_package("a/other/web")]

        with pytest.raises(UserError, match="same name, web") as caught:
            binary_names(packages, ("./cmd/web", "./other/web"))

        assert caught.value.detail == "a/cmd/web\na/other/web"

    def test_a_major_version_may_be_what_makes_two_names_one(self) -> None:
        with pytest.raises(UserError, match="same name, foo"):
            binary_names([main_package("a/foo/v2"), main_package("a/foo")], ("./x", "./y"))

    def test_a_target_that_is_a_library_is_refused(self) -> None:
        packages = [main_package("a/cmd/web"), Package("a/lib", "lib")]

        with pytest.raises(UserError, match="the target a/lib is package lib, not a program"):
            binary_names(packages, ("./cmd/web", "./lib"))

    def test_a_pattern_passes_over_libraries_but_must_match_a_program(self) -> None:
        library = Package("a/lib", "lib")

        assert binary_names([library, main_package("a/cmd/web")], ("./...",)) == ("web",)
        with pytest.raises(UserError, match="the targets match no program"):
            binary_names([library], ("./...",))


class TestCompileCache:
    def test_what_a_build_did_not_use_goes_and_the_time_of_the_build_with_it(
        self, tmp_path: Path
    ) -> None:
        for name in ("00/used-a", "00/unused-a", "ff/used-d"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        (tmp_path / "README").write_text("go's own")

        swept_cache.mark_old(tmp_path)
        for name in ("00/used-a", "ff/used-d"):
            os.utime(tmp_path / name)
        swept = swept_cache.sweep(tmp_path)

        assert swept == 1
        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
        assert left == {"00/used-a", "ff/used-d", "README"}

    def test_a_cache_that_is_not_there_is_begun(self, tmp_path: Path) -> None:
        swept_cache.mark_old(tmp_path / "new")

        assert swept_cache.sweep(tmp_path / "new") == 0


@pytest.mark.parametrize(
    ("value", "path"),
    [("", "workspace"), ("/example.com/app/", "example.com/app"), ("app", "app")],
)
def test_an_app_without_module_has_an_import_path(value: str, path: str) -> None:
    assert import_path({"BP_GO_BUILD_IMPORT_PATH": value}) == path


@pytest.mark.parametrize("value", ["../x", "a/../../x", "a//b", "a/./b", ".", "a\0b"])
def test_an_import_path_that_leads_out_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="BP_GO_BUILD_IMPORT_PATH names"):
        import_path({"BP_GO_BUILD_IMPORT_PATH": value})


def compiles(argv: tuple[str, ...], env: Mapping[str, str]) -> None:
    """Do what go build does to the disk."""
    if argv[:2] == ("go", "build"):
        Path(argv[3], "app").write_text("program")
        Path(env["GOCACHE"], "00").mkdir()
        Path(env["GOCACHE"], "00/x-a").write_text("object")


LISTED = Captured(0, '{"ImportPath": "example.com/app", "Name": "main"}', "")


def app_files(root: Path) -> None:
    (root / "app").mkdir()
    for name, text in (("go.mod", "module example.com/app\n"), ("main.go", "package main\n")):
        (root / "app" / name).write_text(text)


def build_app(root: Path, env: Mapping[str, str]) -> tuple[Launch, str]:
    answers: Answers = {("go", "list"): LISTED, ("go", "build"): Captured(0, "", "")}
    made, said = context(root, answers, env, compiles)
    return build(made), said.getvalue()


def test_a_build_leaves_programs_and_processes(tmp_path: Path) -> None:
    app_files(tmp_path)

    launch, _ = build_app(tmp_path, {})

    program = f"{tmp_path}/layers/targets/bin/app"
    assert [(p.type, p.command) for p in launch.processes] == [
        ("web", (program,)),
        ("app", (program,)),
    ]
    assert "cache = true" in (tmp_path / "layers/gocache.toml").read_text()
    assert "launch = true" in (tmp_path / "layers/targets.toml").read_text()


def test_a_program_that_flags_kept_from_being_written_is_missed(tmp_path: Path) -> None:
    app_files(tmp_path)
    answers: Answers = {("go",): Captured(0, "", ""), ("go", "list"): LISTED}
    made, _ = context(tmp_path, answers)

    with pytest.raises(UserError, match="go build made no program named app") as caught:
        build(made)

    assert caught.value.detail == "it made: nothing"
    assert (tmp_path / "app/main.go").exists()


def test_a_compile_cache_restored_half_is_begun_anew_and_the_log_says_why(tmp_path: Path) -> None:
    app_files(tmp_path)
    build_app(tmp_path, {})
    (tmp_path / "layers/gocache/base.tar.zst").unlink()

    _, said = build_app(tmp_path, {})

    assert "Not reusing the compile cache: the restored files are not complete" in said


def test_all_targets_are_compiled_by_one_command() -> None:
    assert go_build_argv("/out/", ("-v",), ("./a", "./b")) == (
        "go",
        "build",
        "-o",
        "/out/",
        "-v",
        "./a",
        "./b",
    )
