"""gobp explain, run in process on the samples."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from gobp.buildpack.go_dist.catalog import newest, releases
from gobp.cli.main import cli
from gobp.golang.constraint import Constraint
from tests.golden_files import Golden

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def no_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Go, so that the answer is the same everywhere."""
    monkeypatch.setenv("PATH", "/nonexistent")


def explain(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["explain", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def newest_of_line_1_26() -> str:
    document = tomllib.loads((SAMPLES.parent / "buildpack.toml").read_text())
    known = releases(document["metadata"], "amd64")
    release = newest(known, Constraint.parse("1.26", source="this test"))
    assert release is not None
    return str(release.version)


@pytest.mark.usefixtures("no_go")
@pytest.mark.parametrize("sample", ["web", "vendored", "commands"])
def test_an_explanation_names_version_modules_targets_and_processes(
    sample: str, golden: Golden
) -> None:
    output = explain(str(SAMPLES / sample))

    golden.at({newest_of_line_1_26(): "<the newest 1.26>"}).check(f"explain-{sample}", output)


@pytest.mark.usefixtures("no_go")
def test_an_app_without_modules_is_explained_by_its_import_path() -> None:
    output = explain(
        str(SAMPLES / "gopath"), "--env", "BP_GO_BUILD_IMPORT_PATH=example.com/legacy", "--json"
    )

    found = json.loads(output)
    assert found["mode"] == "GOPATH"
    assert [process["type"] for process in found["processes"]] == ["legacy", "web"]


@pytest.mark.usefixtures("no_go")
def test_an_app_of_dep_is_explained_with_who_fills_its_vendor_folder(tmp_path: Path) -> None:
    (tmp_path / "Gopkg.toml").write_text("")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")

    found = json.loads(explain(str(tmp_path), "--json"))

    assert found["vendor"] == "'dep ensure' fills the vendor folder"
    assert {"dep", "dep-ensure"} <= set(found["components"])


@pytest.mark.usefixtures("no_go")
def test_a_pattern_gives_the_programs_that_it_matches() -> None:
    output = explain(str(SAMPLES / "commands"), "-e", "BP_GO_TARGETS=./cmd/...", "--json")

    types = {process["type"] for process in json.loads(output)["processes"]}
    assert {"migrate", "web", "worker"} <= types


@pytest.mark.usefixtures("no_go")
def test_a_variable_that_gobp_does_not_know_is_pointed_out() -> None:
    found = json.loads(explain(str(SAMPLES / "web"), "-e", "BP_GO_TARGET=./cmd/web", "--json"))

    assert found["variables_unknown"] == ["BP_GO_TARGET"]


def test_what_is_no_go_app_is_said_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("nothing")

    assert explain(str(tmp_path)) == "Not a Go app: no go.mod, go.work or *.go file was found\n"


def test_explaining_changes_nothing_in_the_app(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/a\n\ngo 1.26\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.iterdir()]}

    explain(str(tmp_path))

    assert {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.iterdir()]} == before
