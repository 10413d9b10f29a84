"""Vetting and testing: what is asked, what the log says, what fails and what is reported."""

import os
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.go.checks import Asked, asked
from gobp.buildpack.go_check.build import build
from gobp.buildpack.go_check.config import read_config
from gobp.buildpack.go_check.detect import detect
from gobp.buildpack.go_check.junit import junit_xml
from gobp.errors import UserError
from gobp.golang.testjson import CaseResult, EventReader, Outcome, PackageResult
from gobp.system.process import Captured, SystemCommands
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.memory_tree import MemoryTree
from tests.fakes.scripted_commands import ScriptedCommands

APP = {"go.mod": "module example.com/app\n\ngo 1.26\n", "main.go": "package main\n"}
RECORDED = Path(__file__).parents[1] / "golang/data/testjson/go1.26.json"
ALL_PASS = (
    '{"Action":"output","Package":"p","Output":"ok  \\tp\\t(cached)\\n"}\n'
    '{"Action":"pass","Package":"p","Test":"TestA"}\n{"Action":"pass","Package":"p"}\n'
)


def facts(**env: str) -> DetectContext:
    return DetectContext(MemoryTree(APP), env)


def checked(tmp_path: Path, test: Captured, **env: str) -> tuple[ABuild, ScriptedCommands]:
    commands = ScriptedCommands({("go", "vet"): Captured(0, "", ""), ("go", "test"): test})
    return a_build(tmp_path, files=APP, env=env, commands=commands), commands


class TestAsking:
    @pytest.mark.parametrize("value", ["", "false", "0"])
    def test_nothing_is_asked(self, value: str) -> None:
        assert asked({"BP_GO_TEST": value}, "BP_GO_TEST") == Asked(on=False)

    def test_true_names_no_packages(self) -> None:
        assert asked({"BP_GO_TEST": "true"}, "BP_GO_TEST") == Asked(on=True)

    def test_other_values_are_flags_and_packages(self) -> None:
        given_ = asked({"BP_GO_VET": "-printf=false ./a ./b/..."}, "BP_GO_VET")

        assert given_.flags == ("-printf=false",)
        assert given_.packages == ("./a", "./b/...")

    def test_flags_alone_are_for_all_packages(self) -> None:
        given_ = asked({"BP_GO_VET": "-printf=false -tags=x"}, "BP_GO_VET")

        assert (given_.flags, given_.packages) == (("-printf=false", "-tags=x"), ())

    def test_the_app_is_checked_only_where_it_is_asked_for(self) -> None:
        assert isinstance(detect(facts()), Fail)
        assert isinstance(detect(facts(BP_GO_VET="true")), Pass)

    def test_go_is_required_with_its_tools_for_tests(self) -> None:
        result = detect(facts(BP_GO_TEST="./..."))

        assert isinstance(result, Pass)
        assert result.plan.requires[0].metadata == {"build": True, "test": True}

    def test_a_test_image_is_not_tested_in_its_build(self) -> None:
        result = detect(facts(BP_GO_TEST="true", CNB_EXEC_ENV="test"))

        assert result == Fail("the image runs the tests (CNB_EXEC_ENV)")


class TestFlags:
    def test_tests_keep_the_paths_that_they_find_their_files_by(self) -> None:
        config = read_config(facts(BP_GO_BUILD_FLAGS="-tags=x", BP_GO_TEST_FLAGS="-count=1 -v"))

        assert config.build_flags == ("-buildmode=pie", "-trimpath", "-tags=x")
        assert config.test_flags == ("-buildmode=pie", "-tags=x", "-count=1", "-v")

    @pytest.mark.parametrize("name", ["BP_GO_TEST_FLAGS", "BP_GO_TEST"])
    def test_a_sanitizer_is_not_linked_as_pie(self, name: str) -> None:
        assert read_config(facts(**{name: "-race"})).test_flags == ("-race",)

    def test_a_build_mode_that_the_user_gives_stays(self) -> None:
        config = read_config(facts(BP_GO_BUILD_FLAGS="-buildmode=exe", BP_GO_TEST_FLAGS="-race"))

        assert config.test_flags == ("-buildmode=exe", "-race")

    @pytest.mark.parametrize("name", ["BP_GO_BUILD_FLAGS", "GOFLAGS"])
    def test_trimpath_that_the_user_gives_is_for_tests_too(self, name: str) -> None:
        config = read_config(facts(**{name: "-trimpath"}))

        assert ("-trimpath" in config.test_flags) is (name == "BP_GO_BUILD_FLAGS")

    @pytest.mark.parametrize(
        ("given_", "file"),
        [("", ""), ("out", "out/junit.xml"), ("/r/", "/r/junit.xml"), ("a/b.xml", "a/b.xml")],
    )
    def test_a_report_is_a_file_or_in_a_folder(self, given_: str, file: str) -> None:
        assert read_config(facts(BP_GO_TEST_REPORT=given_)).report == file


class TestBuild:
    def test_what_is_asked_for_runs_with_the_flags_of_the_build(self, tmp_path: Path) -> None:
        made, commands = checked(
            tmp_path, Captured(0, ALL_PASS, ""), BP_GO_VET="true", BP_GO_TEST="./..."
        )

        build(made.context)

        assert commands.ran == [
            ("go", "vet", "-buildmode=pie", "-trimpath", "./..."),
            ("go", "test", "-json", "-buildmode=pie", "./..."),
        ]
        assert commands.environments[0]["GOCACHE"] == str(tmp_path / "layers/.gocache")
        assert "ok    p (1 passed, cached)" in made.said.getvalue()

    def test_every_failing_test_is_named_with_how_to_run_one(self, tmp_path: Path) -> None:
        made, _ = checked(tmp_path, Captured(1, RECORDED.read_text(), ""), BP_GO_TEST="true")

        with pytest.raises(UserError, match="tests failed: 4") as raised:
            build(made.context)

        assert raised.value.detail.splitlines() == [
            "example.com/app/bad (does not compile)",
            "example.com/app/exit (no single test)",
            "example.com/app/fail TestA/zero",
            "example.com/app/pan TestP/in",
        ]
        assert "panic: boom" in made.said.getvalue()
        assert "--- FAIL: TestA (0.00s)" not in made.said.getvalue()

    def test_the_command_for_one_test_names_it_exactly(self, tmp_path: Path) -> None:
        output = "\n".join(
            text for text in RECORDED.read_text().splitlines() if '"example.com/app/fail"' in text
        )
        made, _ = checked(tmp_path, Captured(1, output, ""), BP_GO_TEST="true")

        with pytest.raises(UserError) as raised:
            build(made.context)

        assert 'go test -run "^TestA$/^zero$" example.com/app/fail' in raised.value.remedy

    def test_go_that_cannot_test_at_all_is_explained(self, tmp_path: Path) -> None:
        said = Captured(2, "", "go: -race requires cgo; enable cgo by setting CGO_ENABLED=1\n")
        made, _ = checked(tmp_path, said, BP_GO_TEST="true", BP_GO_TEST_FLAGS="-race")

        with pytest.raises(UserError, match="-race needs cgo"):
            build(made.context)

    def test_packages_that_do_not_compile_are_explained_as_in_a_build(self, tmp_path: Path) -> None:
        output = "\n".join(RECORDED.read_text().splitlines()[:3]) + (
            '\n{"Action":"fail","Package":"example.com/app/bad",'
            '"FailedBuild":"example.com/app/bad [example.com/app/bad.test]"}'
        )
        made, _ = checked(tmp_path, Captured(1, output, ""), BP_GO_TEST="true")

        with pytest.raises(UserError, match="undefined: undefined"):
            build(made.context)

    def test_the_report_is_written_also_when_tests_fail(self, tmp_path: Path) -> None:
        made, _ = checked(
            tmp_path,
            Captured(1, RECORDED.read_text(), ""),
            BP_GO_TEST="true",
            BP_GO_TEST_REPORT="reports",
        )

        with pytest.raises(UserError):
            build(made.context)

        report = (tmp_path / "app/reports/junit.xml").read_bytes()
        assert report == (tmp_path / "layers/test-report/junit.xml").read_bytes()
        assert ET.fromstring(report).find(".//failure") is not None  # our own

    def test_a_report_that_cannot_be_written_is_said(self, tmp_path: Path) -> None:
        made, _ = checked(
            tmp_path,
            Captured(0, ALL_PASS, ""),
            BP_GO_TEST="true",
            BP_GO_TEST_REPORT="main.go/x.xml",
        )

        with pytest.raises(UserError, match="report of the tests cannot be written"):
            build(made.context)


class TestVet:
    def test_what_vet_finds_is_named_and_nothing_is_tested(self, tmp_path: Path) -> None:
        said = "v/v.go:3:24: fmt.Printf format %d has arg\n"
        commands = ScriptedCommands({("go", "vet"): Captured(1, "", said)})
        env = {"BP_GO_VET": "true", "BP_GO_TEST": "true"}
        made = a_build(tmp_path, files=APP, env=env, commands=commands)

        with pytest.raises(UserError, match="go vet finds mistakes: v/v"):
            build(made.context)

        assert [argv[:2] for argv in commands.ran] == [("go", "vet")]


class TestJUnit:
    def test_suites_cases_and_counts(self) -> None:
        events = EventReader()
        results = [r for text in RECORDED.read_text().splitlines() if (r := events.feed(text))]

        root = ET.fromstring(junit_xml(results))  # our own

        suites = {suite.get("name", ""): suite for suite in root}
        assert [suites["example.com/app/fail"].get(key) for key in ("tests", "failures")] == [
            "4",
            "2",
        ]
        assert suites["example.com/app/exit"].find("testcase/error") is not None
        assert suites["example.com/app"].find("testcase/skipped") is not None
        assert "example.com/app/none" not in suites

    @given(st.text(), st.text())
    def test_any_text_gives_xml_that_can_be_read(self, name: str, output: str) -> None:
        test = CaseResult(name, Outcome.FAILED, 0.5, (output,))
        package = PackageResult("p", Outcome.FAILED, 1.0, (test,))

        root = ET.fromstring(junit_xml([package]))  # our own

        assert root.find(".//failure") is not None


@pytest.mark.slow
def test_the_recorded_output_is_that_of_the_real_go(tmp_path: Path) -> None:
    """A canary: where Go changes its events, this fails before an app's build does."""
    if shutil.which("go") is None:
        pytest.skip("the go command is not on PATH")
    files = {**APP, "a_test.go": 'package main\nimport "testing"\nfunc TestA(t *testing.T) {}\n'}
    made = a_build(tmp_path, files={**files, "main.go": "package main\nfunc main() {}\n"})
    events = EventReader()
    results: list[PackageResult] = []
    status = SystemCommands().run(
        ("go", "test", "-json", "-vet=off", "."),
        cwd=made.context.app_dir,
        env=os.environ,
        on_line=lambda text: results.extend(r for r in [events.feed(text)] if r),
    )

    assert status == 0, events.other_lines
    assert [(each.path, each.count(Outcome.PASSED)) for each in results] == [("example.com/app", 1)]
